// Time passes without the program: stopped for ten seconds.
#include <gmock/gmock.h>

#include <thread>

#include "configuration.h"
#include "fault_bed.h"
#include "support/delay_link.h"
#include "support/socket.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::DelayLink;
using support::LabelSet;
using support::Namespace;
using support::Scrape;

constexpr int kConnections = 300;
// Not tcp_echo: where the link is held up TCP repeats a segment, and those probes do not count.
constexpr const char* kTimedByTheKernel[] = {"icmp", "tcp_connect", "udp_echo"};

// Of all observations, those above the bucket.
double longer_than(const Scrape& scrape, const std::string& bound, const LabelSet& labels) {
  LabelSet within = labels;
  within["le"] = bound;
  return scrape.sum("rtt_seconds_count", labels) - scrape.sum("rtt_seconds_bucket", within);
}

// Probes are on their way as it stops, and their replies are there long before it goes on.
class StoppedTest : public ::testing::Test {
 protected:
  StoppedTest() {
    path_.set_both({.delay = 100ms});
    here_.command({"ip", "addr", "add", service_ + "/32", "dev", "lo"});
  }

  const std::string service_ = support::LinkAddresses::unique().a4;
  Namespace here_;
  Namespace there_;
  DelayLink path_{here_, there_};
  const Daemon peer_{there_, kPeerConfig};
  const support::TcpService echo_{here_, 7, support::echo};
  Daemon daemon_{here_, every_method(path_.addresses().b4,
                                     "histogram: {buckets: [1, 5], native_schema: null}\n", "5s") +
                            "  - {name: service, networks: [" + service_ + "/32]}\n"};
  Watch watch_{daemon_};
};

TEST_F(StoppedTest, ForTenSecondsLosesNothingThatTheKernelCountsOrStamps) {
  const Scrape before = watch_.until_measured();
  daemon_.process().freeze();
  here_.run([&] {
    for (int i = 0; i < kConnections; ++i) {
      const auto fd = support::connect_tcp(service_, 7);
      ASSERT_TRUE(fd.ok() && support::exchange(fd->get(), "ping"));
    }
  });
  std::this_thread::sleep_for(10s);
  daemon_.process().thaw();
  const Scrape after = watch_.until_measured(20);
  for (const char* method : kTimedByTheKernel) {
    const LabelSet far = {{"target", "far"}, {"method", method}};
    EXPECT_EQ(after.sum("rtt_probes_lost_total", far), 0) << method;
    EXPECT_EQ(after.sum("rtt_probes_failed_total", far), 0) << method;
  }
  for (const char* method : kProbeMethods) {
    EXPECT_EQ(longer_than(after, "5", {{"target", "far"}, {"method", method}}), 0) << method;
  }
  for (const char* method : {"tcp_probe", "tcp_handshake"}) {
    EXPECT_EQ(after.sum("rtt_seconds_count", {{"target", "service"}, {"method", method}}),
              2 * kConnections)
        << method << ": both ends of each are on this host";
  }
  // Five probes, each of them twenty times a second; what is missed is not caught up with.
  EXPECT_GE(after.sum("rtt_exporter_probe_starts_missed_total") -
                before.sum("rtt_exporter_probe_starts_missed_total"),
            5 * 150);
}

}  // namespace
}  // namespace rtt::integration
