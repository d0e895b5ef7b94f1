// The program as an unprivileged user with the three capabilities that it needs.
#include <sys/utsname.h>

#include <cstdio>
#include <utility>

#include "kernels/kernel_bed.h"
#include "support/daemon.h"

namespace rtt::kernels_test {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Scrape;

constexpr const char* kThree = "+bpf,+perfmon,+net_raw";

bool kernel_before(int major, int minor) {
  utsname name{};
  int running_major = 0;
  int running_minor = 0;
  EXPECT_EQ(::uname(&name), 0);
  EXPECT_EQ(std::sscanf(name.release, "%d.%d", &running_major, &running_minor), 2);
  return std::pair(running_major, running_minor) < std::pair(major, minor);
}

class PrivilegesTest : public KernelTest {
 protected:
  /// As nobody with these capabilities, as setpriv(1) takes them, and this limit of locked memory, as
  /// ulimit does.
  Daemon daemon_with(const std::string& capabilities, const std::string& config,
                     const std::string& locked_memory = "unlimited") const {
    return {here_, Daemon::Options{.config = config,
                                   .before = "ulimit -l " + locked_memory +
                                             "\n"
                                             "exec setpriv --reuid=65534 --regid=65534 "
                                             "--clear-groups --inh-caps=" +
                                             capabilities + " --ambient-caps=" + capabilities +
                                             " \"$0\" \"$@\"\n"}};
  }
};

TEST_F(PrivilegesTest, ThreeCapabilitiesSufficeForEverySource) {
  const Daemon daemon = daemon_with(kThree, config());
  const Scrape scrape = daemon.scrape();
  for (const auto& source : scrape.samples("rtt_source_up")) {
    EXPECT_EQ(source.value, 1) << source.labels.at("source");
  }
  exchange_on_one_connection(link_.b4, 50);
  EXPECT_GE(count(daemon.scrape(), "tcp_probe", link_.b4), 50);
}

TEST_F(PrivilegesTest, LowLimitOfLockedMemoryIsNamedWhereBpfMapsCountForIt) {
  Daemon daemon = daemon_with(kThree, "targets: []\n", "64");
  const bool counts = kernel_before(5, 11);
  EXPECT_EQ(daemon.scrape().value("rtt_source_up", {{"source", "tcp_probe"}}), counts ? 0 : 1);
  EXPECT_EQ(daemon.process().errors().find("RLIMIT_MEMLOCK is too low") != std::string::npos,
            counts);
}

TEST_F(PrivilegesTest, MarkNeedsNetAdminBefore5_17) {
  Daemon daemon =
      daemon_with("+net_raw",
                  "probes:\n  ping: {method: icmp, interval: 100ms, timeout: 10s, mark: 7}\n"
                  "targets:\n  - name: far\n    hosts: [" +
                      link_.b4 + "]\n    probes: [ping]\n");
  const std::string finished = kernel_before(5, 17) ? "failed" : "replied";
  (void)daemon.scrape_until([&](const Scrape& now) {
    return now.sum("rtt_probes_" + finished + "_total", {{"target", "far"}}) >= 5;
  });
}

}  // namespace
}  // namespace rtt::kernels_test
