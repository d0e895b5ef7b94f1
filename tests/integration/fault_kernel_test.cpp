// More events than anyone reads: the kernel drops messages, and that is counted.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "fault_bed.h"
#include "support/connection_storm.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using support::ConnectionStorm;
using support::Scrape;

constexpr std::uint16_t kPort = 7;
constexpr int kMoreThanTheBufferHolds = 6000;
constexpr int kStorm = 30000;

double errors(const Scrape& scrape, const std::string& reason) {
  return scrape.sum("rtt_exporter_tcp_info_poll_errors_total", {{"reason", reason}});
}

// /proc/net/netlink: sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
bool sock_diag_drops_messages() {
  constexpr int kSockDiag = 4;  // NETLINK_SOCK_DIAG
  std::ifstream file("/proc/thread-self/net/netlink");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    int protocol = -1, drops = 0;
    words >> word >> protocol >> word >> word >> word >> word >> word >> word >> drops;
    if (protocol == kSockDiag && drops > 0) return true;
  }
  return false;
}

class StormTest : public ::testing::Test {
 protected:
  StormTest() { here_.command({"ip", "addr", "add", service_ + "/32", "dev", "lo"}); }

  // Two of each connection: both ends are on this host.
  static double handshakes(const Scrape& scrape) {
    return scrape.sum("rtt_seconds_count", {{"target", "service"}, {"method", "tcp_handshake"}});
  }

  const std::string service_ = support::LinkAddresses::unique().a4;
  support::Namespace here_;
  ConnectionStorm storm_{here_, service_, kPort};
  support::Daemon daemon_{here_,
                          every_method("127.0.0.1", "echo_server: {listen: [\":10007\"]}\n") +
                              "  - {name: service, networks: [" + service_ + "/32]}\n"};
  Watch watch_{daemon_};
};

// Nobody reads while the program is stopped.
TEST_F(StormTest, MessagesThatTheKernelDropsAreCountedAndPollsGoOn) {
  const Scrape before = watch_.until_measured();
  daemon_.process().freeze();
  storm_.run(kMoreThanTheBufferHolds);
  ASSERT_TRUE(support::wait_until([&] { return here_.run(sock_diag_drops_messages); },
                                  std::chrono::seconds(30)));
  daemon_.process().thaw();
  const Scrape after = watch_.until(
      [&](const Scrape& now) { return errors(now, "overflow") > errors(before, "overflow"); });
  EXPECT_EQ(handshakes(after) - handshakes(before), 2 * kMoreThanTheBufferHolds);
  watch_.until([&](const Scrape& now) {
    return now.sum("rtt_exporter_tcp_info_polls_total") >
           after.sum("rtt_exporter_tcp_info_polls_total") + 2;
  });
  watch_.until_measured();
}

TEST_F(StormTest, EveryConnectionIsCountedWhateverTheirNumberPerSecond) {
  constexpr double kMegabyte = 1 << 20;
  const Scrape before = watch_.until_measured();
  const int lines = log_lines(daemon_);
  std::cout << storm_.run(kStorm) << " connections per second\n";
  const Scrape after = watch_.until_measured();
  EXPECT_EQ(handshakes(after) - handshakes(before), 2 * kStorm);
  EXPECT_EQ(after.sum("rtt_exporter_bpf_missed_runs_total"),
            before.sum("rtt_exporter_bpf_missed_runs_total"));
  // Sockets that close unseen by tcp_info are told of, never passed over.
  watch_.until([](const Scrape& now) {
    return now.sum("rtt_exporter_tcp_info_closed_pauses_total") > 0 ||
           errors(now, "overflow") > 0 ||
           now.sum("rtt_exporter_tcp_info_closed_sockets_total") >= 2 * kStorm;
  });
  watch_.until([&](const Scrape& now) {
    return *now.value("process_open_fds") <= *before.value("process_open_fds") + 1;
  });
  EXPECT_LT(*after.value("process_resident_memory_bytes"),
            *before.value("process_resident_memory_bytes") + 64 * kMegabyte);
  EXPECT_EQ(log_lines(daemon_), lines);
}

}  // namespace
}  // namespace rtt::integration
