// The end: in time, with the right exit code, and nothing left in the kernel.
#include <gmock/gmock.h>
#include <signal.h>

#include <map>
#include <string>

#include "support/bpf_objects.h"
#include "support/daemon.h"
#include "support/netns.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Namespace;

class StopTest : public ::testing::Test {
 protected:
  base::UniqueFd open_client(const std::string& request) const {
    return here_.run([&] {
      auto fd = support::connect_tcp("127.0.0.1", 10049);
      EXPECT_TRUE(fd.ok() && support::send_all(fd->get(), request));
      return fd.ok() ? std::move(*fd) : base::UniqueFd();
    });
  }

  Namespace here_;
  Daemon daemon_{here_, Daemon::Options{}};
};

TEST_F(StopTest, TerminationIsExitCode0WithinTwoSeconds) { EXPECT_EQ(daemon_.stop(2s), 0); }

TEST_F(StopTest, InterruptIsExitCode0WithinTwoSeconds) {
  daemon_.process().signal(SIGINT);
  EXPECT_EQ(daemon_.process().wait(2s), 0);
}

TEST_F(StopTest, ClientThatNeverEndsItsRequestDoesNotDelayTheStop) {
  const base::UniqueFd client = open_client("GET /metrics HTTP/1.1\r\n");
  EXPECT_EQ(daemon_.stop(2s), 0);
}

TEST_F(StopTest, ClientThatNeverReadsDoesNotDelayTheStop) {
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  const base::UniqueFd client = open_client(requests);
  EXPECT_EQ(daemon_.stop(2s), 0);
}

TEST_F(StopTest, ReloadAndStopTogetherEndWithExitCode0) {
  for (int i = 0; i < 5; ++i) daemon_.process().signal(SIGHUP);
  EXPECT_EQ(daemon_.stop(2s), 0);
}

TEST_F(StopTest, NothingIsLeftInTheKernel) {
  const support::BpfObjects loaded = support::bpf_objects_of(daemon_.process().pid());
  ASSERT_EQ(loaded.size(), 3U) << "the daemon has no BPF programs, maps or links";
  ASSERT_EQ(support::remaining(loaded), loaded) << "bpftool does not list them";
  ASSERT_EQ(daemon_.stop(2s), 0);
  // The kernel frees them a moment after the last reference is gone.
  EXPECT_TRUE(support::wait_until([&] { return support::remaining(loaded).empty(); }, 5s))
      << "left: " << ::testing::PrintToString(support::remaining(loaded));
}

TEST_F(StopTest, ReloadLeavesNothingOfTheOldProgramInTheKernel) {
  const auto numbers = [&] {
    std::map<std::string, std::size_t> result;
    for (const auto& [kind, ids] : support::bpf_objects_of(daemon_.process().pid())) {
      result[kind] = ids.size();
    }
    return result;
  };
  const auto loaded = numbers();
  ASSERT_EQ(loaded.size(), 3U) << "the daemon has no BPF programs, maps or links";
  for (int i = 0; i < 3; ++i) ASSERT_EQ(daemon_.reload().status, 200);
  EXPECT_TRUE(support::wait_until([&] { return numbers() == loaded; }, 5s, 50ms))
      << ::testing::PrintToString(loaded) << " before, " << ::testing::PrintToString(numbers())
      << " now";
}

}  // namespace
}  // namespace rtt::integration
