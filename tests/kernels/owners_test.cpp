// Passive series say whose sockets they are: where the kernel keeps a socket's cgroup, and how, is not the same in all.
#include "kernels/kernel_bed.h"
#include "support/cgroup.h"
#include "support/daemon.h"
#include "support/socket.h"

namespace rtt::kernels_test {
namespace {

using support::Daemon;
using support::LabelSet;
using support::Scrape;

const std::string kUnit = "measured.service";

class OwnersTest : public KernelTest {
 protected:
  OwnersTest() { cgroups_.make(cgroup_); }

  [[nodiscard]] std::string config_with_units() const {
    return "passive:\n  labels: [unit]\n  tcp_info: {interval: 100ms}\ntargets:\n"
           "  - name: far\n    hosts: [" +
           link_.b4 + ", \"" + link_.b6 + "\"]\n";
  }

  // Until every cgroup has been told to the kernel.
  static void wait_for_walk(const Daemon& daemon) {
    (void)daemon.scrape_until(
        [](const Scrape& now) { return now.value("rtt_exporter_cgroups").value_or(0) > 0; });
  }

  static double count_of(const std::string& unit, const Scrape& scrape, const std::string& method,
                         const std::string& peer) {
    return scrape.sum("rtt_seconds_count", {{"peer", peer}, {"method", method}, {"unit", unit}});
  }

  const std::string cgroup_ = "system.slice/" + kUnit;
  support::Cgroups cgroups_;
};

TEST_F(OwnersTest, EachExchangeCountsUnderTheUnitThatMadeTheSocket) {
  const Daemon daemon(here_, config_with_units());
  wait_for_walk(daemon);
  for (const std::string& host : {link_.b4, link_.b6}) {
    cgroups_.run_in(cgroup_, [&] { connect_and_exchange(host, 60); });
    connect_and_exchange(host, 40);
    const Scrape scrape = daemon.scrape();
    for (const char* method : {"tcp_probe", "tcp_handshake"}) {
      EXPECT_EQ(count_of(kUnit, scrape, method, host), 60) << method << ' ' << host;
      EXPECT_EQ(count_of("", scrape, method, host), 40) << method << ' ' << host;
    }
  }
}

TEST_F(OwnersTest, TcpInfoPollsAConnectionUnderItsUnit) {
  const Daemon daemon(here_, config_with_units());
  wait_for_walk(daemon);
  base::UniqueFd open;
  cgroups_.run_in(cgroup_, [&] {
    here_.run([&] {
      open = support::connect_tcp(link_.b4, kEchoPort).value();
      ASSERT_TRUE(support::exchange(open.get(), "ping"));
    });
  });
  (void)daemon.scrape_until([&](const Scrape& now) {
    const LabelSet labels = {{"peer", link_.b4}, {"unit", kUnit}};
    return now.value("rtt_tcp_connections", labels) == 1 &&
           count_of(kUnit, now, "tcp_info", link_.b4) > 0;
  });
}

}  // namespace
}  // namespace rtt::kernels_test
