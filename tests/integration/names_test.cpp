// Hosts that are names: which of their addresses are probed, and what stays when these change.
#include <gmock/gmock.h>

#include "dns_bed.h"

namespace rtt::integration {
namespace {

using support::Daemon;
using support::DnsBehaviour;
using support::Scrape;

// The echo server is on IPv6 only: what goes to IPv4 is refused.
const std::string kConfig =
    kEagerDns +
    "passive: {tcp_probe: {enabled: false}, tcp_info: {enabled: false}}\n"
    "echo_server: {listen: [\"[::1]:10007\"]}\n"
    "probes:\n"
    "  ping: {method: icmp, interval: 20ms, timeout: 10s}\n"
    "  ping6: {method: icmp, interval: 20ms, timeout: 10s, ip_family: ipv6}\n"
    "  echo: {method: tcp_echo, interval: 20ms, timeout: 10s}\n"
    "targets:\n";

double replied(const Scrape& scrape, const std::string& target = "db") {
  return scrape.sum("rtt_probes_replied_total", {{"target", target}});
}

double failed(const Scrape& scrape, const std::string& reason, const std::string& target = "db") {
  return scrape.sum("rtt_probes_failed_total", {{"target", target}, {"reason", reason}});
}

class NamesTest : public ::testing::Test {
 protected:
  DnsBed bed_;
};

TEST_F(NamesTest, AChangeOfAddressKeepsTheSeries) {
  bed_.dns->set("db.test", {"127.0.0.2"});
  const Daemon daemon(
      bed_.here, DnsBed::options(kConfig + "  - {name: db, hosts: [db.test], probes: [ping]}\n"));
  const Scrape before = daemon.scrape_until([](const Scrape& now) { return replied(now) > 5; });
  bed_.dns->set("db.test", {"192.0.2.1"});
  const Scrape without_route =
      daemon.scrape_until([](const Scrape& now) { return failed(now, "no_route") > 5; });
  EXPECT_GE(replied(without_route), replied(before));
  bed_.dns->set("db.test", {"127.0.0.3"});
  const Scrape after = daemon.scrape_until(
      [&](const Scrape& now) { return replied(now) > replied(without_route) + 5; });
  EXPECT_GE(failed(after, "no_route"), failed(without_route, "no_route"));
  EXPECT_EQ(after.samples("rtt_probes_sent_total").size(), 1U);
}

TEST_F(NamesTest, TheFamilyOfATargetDecidesWhichAddressIsProbed) {
  bed_.dns->set("a.test", {"127.0.0.2", "::1"});
  bed_.dns->set("b.test", {"127.0.0.2", "::1"});
  const Daemon daemon(
      bed_.here,
      DnsBed::options(kConfig +
                      "  - {name: v4, hosts: [a.test], probes: [echo], ip_family: ipv4}\n" +
                      "  - {name: v6, hosts: [b.test], probes: [echo], ip_family: ipv6}\n"));
  const Scrape scrape = daemon.scrape_until(
      [](const Scrape& now) { return replied(now, "v6") > 5 && failed(now, "refused", "v4") > 0; });
  EXPECT_EQ(replied(scrape, "v4"), 0);
  EXPECT_EQ(failed(scrape, "refused", "v6"), 0);
}

TEST_F(NamesTest, AllAddressesCountIntoOneSeries) {
  bed_.dns->set("db.test", {"127.0.0.2", "::1"});
  const Daemon daemon(
      bed_.here,
      DnsBed::options(kConfig +
                      "  - {name: db, hosts: [db.test], probes: [echo], addresses: all}\n"));
  const Scrape scrape = daemon.scrape_until(
      [](const Scrape& now) { return replied(now) > 5 && failed(now, "refused") > 0; });
  EXPECT_EQ(scrape.samples("rtt_probes_sent_total").size(), 1U);
}

TEST_F(NamesTest, AHostWithoutTheFamilyOfItsProbeIsUnresolved) {
  bed_.dns->set("db.test", {"127.0.0.2"});
  const Daemon daemon(
      bed_.here, DnsBed::options(kConfig + "  - {name: db, hosts: [db.test], probes: [ping6]}\n"));
  const Scrape scrape = daemon.scrape_until([](const Scrape& now) {
    return failed(now, "unresolved") > 5 && now.value("rtt_exporter_dns_unresolved_hosts") == 0;
  });
  EXPECT_EQ(replied(scrape), 0);
}

TEST_F(NamesTest, AFailingServerLeavesTheAddresses) {
  bed_.dns->set("db.test", {"127.0.0.2"});
  const Daemon daemon(
      bed_.here, DnsBed::options(kConfig + "  - {name: db, hosts: [db.test], probes: [ping]}\n"));
  (void)daemon.scrape_until([](const Scrape& now) { return replied(now) > 5; });
  bed_.dns->set("db.test", {}, DnsBehaviour::kServerFailure);
  const Scrape failing = daemon.scrape_until([](const Scrape& now) {
    return now.sum("rtt_exporter_dns_failures_total", {{"reason", "server_failure"}}) > 0;
  });
  (void)daemon.scrape_until([&](const Scrape& now) { return replied(now) > replied(failing) + 5; });
}

TEST_F(NamesTest, LookupsOfAnHttpHostAreItsPhaseResolve) {
  bed_.dns->set("web.test", {"127.0.0.2"});
  const std::string probes = "probes: {page: {method: http, interval: 1s}}\n";
  const Daemon daemon(
      bed_.here, DnsBed::options(kEagerDns + probes +
                                 "targets: [{name: web, hosts: [web.test], probes: [page]}]\n"));
  (void)daemon.scrape_until([](const Scrape& now) {
    return now.sum("rtt_http_phase_seconds_count", {{"peer", "web.test"}, {"phase", "resolve"}}) >
           2;
  });
}

TEST_F(NamesTest, AReloadChangesHowNamesAreAsked) {
  bed_.dns->set("db.test", {"127.0.0.2"}, DnsBehaviour::kAnswer, 3600);
  const std::string targets =
      "probes: {ping: {method: icmp, interval: 20ms}}\n"
      "targets: [{name: db, hosts: [db.test], probes: [ping]}]\n";
  const Daemon daemon(bed_.here, DnsBed::options(targets));
  (void)daemon.scrape_until([](const Scrape& now) { return replied(now) > 0; });
  daemon.write_config(kEagerDns + targets);
  ASSERT_EQ(daemon.reload().status, 200);
  (void)daemon.scrape_until(
      [](const Scrape& now) { return now.value("rtt_exporter_dns_lookups_total") > 5; });
}

}  // namespace
}  // namespace rtt::integration
