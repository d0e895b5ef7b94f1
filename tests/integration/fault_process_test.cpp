// A daemon that is killed and started again, and two on one host.
#include <gmock/gmock.h>

#include <csignal>
#include <memory>

#include "configuration.h"
#include "fault_bed.h"
#include "support/bpf_objects.h"
#include "support/socket.h"
#include "support/tcp_service.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Namespace;
using support::Scrape;
using ::testing::HasSubstr;

constexpr std::uint16_t kSecondPort = 10050;
constexpr std::uint16_t kService = 7;
constexpr int kConnections = 200;

class KillTest : public FaultTest {
 protected:
  static void kill(Daemon& daemon) {
    daemon.process().signal(SIGKILL);
    ASSERT_EQ(daemon.process().wait(10s), 128 + SIGKILL);
  }
};

TEST_F(KillTest, LeavesNothingInTheKernel) {
  const support::BpfObjects loaded = support::bpf_objects_of(daemon_.process().pid());
  ASSERT_EQ(loaded.size(), 3U) << "the daemon has no BPF programs, maps or links";
  kill(daemon_);
  EXPECT_TRUE(support::wait_until([&] { return support::remaining(loaded).empty(); }, 10s))
      << "left: " << ::testing::PrintToString(support::remaining(loaded));
}

// Connections to its echo server are open as it is killed.
TEST_F(KillTest, ARestartIsAtOnceThereOnTheSamePorts) {
  const Daemon::Options options{.config = kPeerConfig, .port = kSecondPort};
  auto killed = std::make_unique<Daemon>(here_, options);
  Daemon prober(there_, Daemon::Options{.config = every_method(link_.a4), .port = kSecondPort});
  Watch prober_watch(prober);
  prober_watch.until_measured();
  for (int i = 0; i < 3; ++i) {
    kill(*killed);
    killed = std::make_unique<Daemon>(here_, options);
  }
  prober_watch.until_measured();
}

class TwoDaemons : public FaultTest {
 protected:
  static double count(const Scrape& scrape, const std::string& method) {
    return scrape.sum("rtt_seconds_count", {{"target", "service"}, {"method", method}});
  }
};

TEST_F(TwoDaemons, CountTheSameTrafficEach) {
  const Namespace elsewhere;
  const std::string service = support::LinkAddresses::unique().a4;
  elsewhere.command({"ip", "addr", "add", service + "/32", "dev", "lo"});
  const std::string config =
      passive(true, false) + "targets:\n  - {name: service, networks: [" + service + "/32]}\n";
  const Daemon first(elsewhere, config);
  const Daemon second(elsewhere, Daemon::Options{.config = config, .port = kSecondPort});
  const support::TcpService echo(elsewhere, kService, support::echo);
  elsewhere.run([&] {
    for (int i = 0; i < kConnections; ++i) {
      const auto fd = support::connect_tcp(service, kService);
      ASSERT_TRUE(fd.ok() && support::exchange(fd->get(), "ping"));
    }
  });
  for (const Daemon* daemon : {&first, &second}) {
    const Scrape scrape = daemon->scrape();
    EXPECT_EQ(scrape.sum("rtt_exporter_bpf_missed_runs_total"), 0);
    for (const char* method : {"tcp_handshake", "tcp_probe"}) {
      EXPECT_EQ(count(scrape, method), 2 * kConnections) << "both ends of each are on this host";
    }
  }
}

TEST_F(TwoDaemons, DoNotTakeEachOthersReplies) {
  Daemon second(here_, Daemon::Options{.config = every_method(link_.b4), .port = kSecondPort});
  Watch second_watch(second);
  for (Watch* watch : {&watch_, &second_watch}) {
    const Scrape scrape = watch->until_measured(20);
    EXPECT_EQ(scrape.sum("rtt_probes_duplicate_total"), 0);
  }
}

TEST_F(TwoDaemons, TheOneWhosePortsAreTakenEndsAndTheOtherGoesOn) {
  watch_.until_measured();
  const support::Finished finished = support::run_daemon(here_, {});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.errors, HasSubstr("10049"));
  watch_.until_measured();
}

}  // namespace
}  // namespace rtt::integration
