// The end: in time, with the right exit code, and nothing left in the kernel.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Namespace;
using support::run_command;
using ::testing::IsEmpty;
using ::testing::Not;

using Ids = std::set<std::string>;

const char* const kKinds[] = {"prog", "map", "link"};

// What the process holds: the kernel writes "prog_id:	12" into a descriptor's fdinfo.
Ids bpf_ids_of(const std::string& kind, pid_t pid) {
  const std::string key = kind + "_id:";
  Ids ids;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fdinfo")) {
    std::ifstream lines(entry.path());
    for (std::string word; lines >> word;) {
      if (word == key && lines >> word) ids.insert(word);
      lines.ignore(1000, '\n');
    }
  }
  return ids;
}

// Those of them that bpftool still lists; its entries begin with "12: ".
Ids remaining(const std::string& kind, const Ids& ids) {
  std::istringstream list(run_command({"bpftool", kind, "list"}));
  Ids result;
  for (std::string line; std::getline(list, line);) {
    const std::string id = line.substr(0, line.find(':'));
    if (ids.contains(id)) result.insert(id);
  }
  return result;
}

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
  std::map<std::string, Ids> loaded;
  for (const char* kind : kKinds) {
    loaded[kind] = bpf_ids_of(kind, daemon_.process().pid());
    ASSERT_THAT(loaded[kind], Not(IsEmpty())) << "the daemon has no BPF " << kind;
    ASSERT_EQ(remaining(kind, loaded[kind]), loaded[kind]) << "bpftool does not list them";
  }
  ASSERT_EQ(daemon_.stop(2s), 0);
  for (const char* kind : kKinds) {
    // The kernel frees them a moment after the last reference is gone.
    EXPECT_TRUE(support::wait_until([&] { return remaining(kind, loaded[kind]).empty(); }, 5s))
        << "left: " << ::testing::PrintToString(remaining(kind, loaded[kind])) << " of " << kind;
  }
}

TEST_F(StopTest, ReloadLeavesNothingOfTheOldProgramInTheKernel) {
  std::map<std::string, std::size_t> loaded;
  const pid_t pid = daemon_.process().pid();
  for (const char* kind : kKinds) {
    loaded[kind] = bpf_ids_of(kind, pid).size();
    ASSERT_GT(loaded[kind], 0) << "the daemon has no BPF " << kind;
  }
  for (int i = 0; i < 3; ++i) ASSERT_EQ(daemon_.reload().status, 200);
  for (const char* kind : kKinds) {
    EXPECT_TRUE(
        support::wait_until([&] { return bpf_ids_of(kind, pid).size() == loaded[kind]; }, 5s, 50ms))
        << kind << ": " << loaded[kind] << " before, " << bpf_ids_of(kind, pid).size() << " now";
  }
}

}  // namespace
}  // namespace rtt::integration
