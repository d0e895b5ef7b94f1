// Faults of the network: what is counted meanwhile, and that it is measured again by itself.
#include <gmock/gmock.h>

#include "dns_bed.h"
#include "fault_bed.h"

namespace rtt::integration {
namespace {

using support::Daemon;
using support::DnsServer;
using support::LinkAddresses;
using support::Scrape;

// What the kernel itself refuses to send is told apart from what is lost on the way.
constexpr const char* kToldAtOnce[] = {"icmp", "tcp_connect", "udp_echo"};

class NetworkFault : public FaultTest {
 protected:
  // Runs it once everything is measured; what it gives rise to is no news to the log.
  Scrape disturb(const std::function<void()>& fault) {
    watch_.until_measured();
    lines_before_ = log_lines(daemon_);
    fault();
    return watch_.until_disturbed();
  }

  static void expect_no_route(const Scrape& before, const Scrape& during) {
    for (const char* method : kToldAtOnce) {
      EXPECT_GT(failed(during, method, "no_route"), failed(before, method, "no_route")) << method;
      EXPECT_EQ(during.value("rtt_probe_up", {{"method", method}}), 0) << method;
    }
  }

  // At the end of the fault.
  void expect_recovery() {
    watch_.until_measured();
    EXPECT_EQ(log_lines(daemon_), lines_before_) << "a probe that fails is counted, not told";
  }

  static void ip(const support::Namespace& where, const std::vector<std::string>& words) {
    std::vector<std::string> argv = {"ip"};
    argv.insert(argv.end(), words.begin(), words.end());
    where.command(argv);
  }

  int lines_before_ = 0;
};

TEST_F(NetworkFault, AnInterfaceThatGoesDownIsNoRouteUntilItIsUpAgain) {
  const Scrape before = watch_.scrape();
  expect_no_route(before, disturb([&] { ip(here_, {"link", "set", "veth0", "down"}); }));
  ip(here_, {"link", "set", "veth0", "up"});
  expect_recovery();
}

TEST_F(NetworkFault, AnInterfaceWithoutCarrierLosesProbesUntilItHasOneAgain) {
  disturb([&] { ip(there_, {"link", "set", "veth0", "down"}); });
  ip(there_, {"link", "set", "veth0", "up"});
  expect_recovery();
}

TEST_F(NetworkFault, ARouteThatGoesIsNoRouteUntilItIsBack) {
  const Scrape before = watch_.scrape();
  expect_no_route(before, disturb([&] { ip(here_, {"route", "flush", "dev", "veth0"}); }));
  ip(here_, {"route", "add", link_.b4, "dev", "veth0"});
  expect_recovery();
}

TEST_F(NetworkFault, AfterAChangeOfAddressProbesComeFromTheNewOne) {
  const std::string other = LinkAddresses::unique().a4;
  ip(there_, {"route", "add", other, "dev", "veth0"});
  disturb([&] { ip(here_, {"addr", "del", link_.a4 + "/30", "dev", "veth0"}); });
  ip(here_, {"addr", "add", other + "/32", "dev", "veth0"});
  ip(here_, {"route", "add", link_.b4, "dev", "veth0"});
  expect_recovery();
}

class ResolverFault : public ::testing::Test {
 protected:
  void restart_resolver() {
    bed_.dns = bed_.here.run([] { return std::make_unique<DnsServer>("127.0.0.1", 53); });
    bed_.dns->set("db.test", {"127.0.0.2"});
  }
  static Daemon::Options options() {
    return DnsBed::options(kEagerDns +
                           "probes: {ping: {method: icmp, interval: 20ms, timeout: 1s}}\n"
                           "targets: [{name: far, hosts: [db.test], probes: [ping]}]\n");
  }
  static double failures(const Scrape& scrape) {
    return scrape.sum("rtt_exporter_dns_failures_total");
  }

  DnsBed bed_;
};

TEST_F(ResolverFault, ADeadOneLeavesTheAddressesAndIsSaidOnce) {
  bed_.dns->set("db.test", {"127.0.0.2"});
  Daemon daemon(bed_.here, options());
  Watch watch(daemon);
  watch.until([](const Scrape& now) { return replied(now, "icmp") > 5; });
  bed_.dns.reset();
  const Scrape dead = watch.until([](const Scrape& now) { return failures(now) >= 2; });
  const Scrape later = watch.until(
      [&](const Scrape& now) { return replied(now, "icmp") > replied(dead, "icmp") + 5; });
  EXPECT_EQ(later.value("rtt_exporter_dns_unresolved_hosts"), 0);
  restart_resolver();
  EXPECT_TRUE(daemon.process().wait_for_text("host name resolves again", std::chrono::seconds(30)));
  EXPECT_EQ(lines_with(daemon.process().errors(), "its last addresses stay"), 1);
}

TEST_F(ResolverFault, OneThatIsDeadAtTheStartIsAskedUntilItAnswers) {
  bed_.dns.reset();
  Daemon daemon(bed_.here, options());
  Watch watch(daemon);
  const Scrape dead = watch.until([](const Scrape& now) {
    return failures(now) >= 2 && failed(now, "icmp", "unresolved") > 5;
  });
  EXPECT_EQ(dead.value("rtt_exporter_dns_unresolved_hosts"), 1);
  restart_resolver();
  watch.until([](const Scrape& now) { return replied(now, "icmp") > 5; });
  EXPECT_EQ(lines_with(daemon.process().errors(), "does not resolve"), 1);
}

}  // namespace
}  // namespace rtt::integration
