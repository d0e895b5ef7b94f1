// However files are replaced, it is noticed.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "unit/targets/file_discovery_bed.h"

namespace rtt::targets {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class FileDiscoveryWatchTest : public testing::Test, protected FileDiscoveryBed {};

TEST_F(FileDiscoveryWatchTest, SeesAFileThatComes) {
  start();
  set({"a.json"});
  write("a.json", peers("\"h1\""));
  EXPECT_TRUE(become("a.json", {"h1"}));
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileDiscoveryWatchTest, SeesAFileThatIsWrittenInPlace) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  write("a.json", peers("\"h2\""));
  EXPECT_TRUE(become("a.json", {"h2"}));
}

TEST_F(FileDiscoveryWatchTest, SeesAFileThatIsReplaced) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  for (const char* host : {"h2", "h3", "h4"}) {
    replace("a.json", peers("\"" + std::string(host) + "\""));
    ASSERT_TRUE(become("a.json", {host}));
  }
}

TEST_F(FileDiscoveryWatchTest, ForgetsAFileThatGoes) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  fs::remove(path("a.json"));
  EXPECT_TRUE(become("a.json", {}));
  EXPECT_EQ(errors(), 0);
}

TEST_F(FileDiscoveryWatchTest, SeesADirectoryThatComes) {
  start();
  set({"x/y/a.json", "x/z/*.json"});
  make_directory("x/y");
  write("x/y/a.json", peers("\"h1\""));
  EXPECT_TRUE(become("x/y/a.json", {"h1"}));
  make_directory("x/z");
  write("x/z/b.json", peers("\"h2\""));
  EXPECT_TRUE(become("x/z/*.json", {"h2"}));
}

TEST_F(FileDiscoveryWatchTest, SeesADirectoryThatGoesAndComesAgain) {
  make_directory("x");
  write("x/a.json", peers("\"h1\""));
  start();
  set({"x/a.json"});
  fs::remove_all(path("x"));
  ASSERT_TRUE(become("x/a.json", {}));
  make_directory("x");
  write("x/a.json", peers("\"h2\""));
  EXPECT_TRUE(become("x/a.json", {"h2"}));
}

TEST_F(FileDiscoveryWatchTest, SeesADirectoryThatIsReplacedByAnother) {
  make_directory("x");
  make_directory("y");
  write("x/a.json", peers("\"h1\""));
  write("y/a.json", peers("\"h2\""));
  start();
  set({"x/a.json"});
  fs::rename(path("x"), path("z"));
  fs::rename(path("y"), path("x"));
  ASSERT_TRUE(become("x/a.json", {"h2"}));
  replace("x/a.json", peers("\"h3\""));
  EXPECT_TRUE(become("x/a.json", {"h3"}));
}

TEST_F(FileDiscoveryWatchTest, SeesAConfigMapThatIsUpdated) {
  make_directory("..v1");
  write("..v1/a.json", peers("\"h1\""));
  link("..v1", "..data");
  link("..data/a.json", "a.json");
  start();
  set({"a.json", "*.json"});
  ASSERT_THAT(hosts("a.json"), ElementsAre("h1"));
  std::string before = "..v1";
  for (const std::string version : {"2", "3", "4"}) {
    make_directory("..v" + version);
    write("..v" + version + "/a.json", peers("\"h" + version + "\""));
    relink("..v" + version, "..data");
    fs::remove_all(path(before));
    before = "..v" + version;
    ASSERT_TRUE(become("a.json", {"h" + version}));
    ASSERT_TRUE(become("*.json", {"h" + version}));
  }
  EXPECT_EQ(errors(), 0);
}

TEST_F(FileDiscoveryWatchTest, SeesAChangeBehindALinkToElsewhere) {
  const support::TemporaryDirectory elsewhere;
  elsewhere.write("b.json", peers("\"h1\""));
  link(elsewhere.path() + "/b.json", "a.json");
  start();
  set({"*.json"});
  ASSERT_THAT(hosts("*.json"), ElementsAre("h1"));
  elsewhere.write("b.json", peers("\"h2\""));
  EXPECT_TRUE(become("*.json", {"h2"}));
}

TEST_F(FileDiscoveryWatchTest, SeesAChangeInADirectoryBehindALink) {
  make_directory("real");
  link("real", "x");
  write("real/a.json", peers("\"h1\""));
  start();
  set({"x/*.json"});
  write("real/b.json", peers("\"h2\""));
  EXPECT_TRUE(become("x/*.json", {"h1", "h2"}));
}

TEST_F(FileDiscoveryWatchTest, SeesFilesThatComeAndGoUnderAPattern) {
  write("1.json", peers("\"h1\""));
  start();
  set({"*.json"});
  replace("2.json", peers("\"h2\""));
  ASSERT_TRUE(become("*.json", {"h1", "h2"}));
  fs::remove(path("1.json"));
  EXPECT_TRUE(become("*.json", {"h2"}));
}

TEST_F(FileDiscoveryWatchTest, ReadsAgainAfterAWhileWhateverIsTold) {
  write("a.json", peers("\"h1\""));
  start(untold());
  set({"a.json"});
  write("a.json", peers("\"h2\""));
  EXPECT_TRUE(become("a.json", {"h2"}));
}

TEST_F(FileDiscoveryWatchTest, PatternsThatStayAreStillFollowed) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  set({"a.json", "b.json"});
  replace("a.json", peers("\"h2\""));
  EXPECT_TRUE(become("a.json", {"h2"}));
}

TEST_F(FileDiscoveryWatchTest, AFloodOfChangesElsewhereChangesNothing) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  for (int i = 0; i < 20'000; ++i) {
    const base::UniqueFd other(open(path("other").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    unlink(path("other").c_str());
  }
  replace("a.json", peers("\"h2\""));
  EXPECT_TRUE(become("a.json", {"h2"}));
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileDiscoveryWatchTest, EventsThatWereLostAreMadeUpFor) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  int most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 200'000) GTEST_SKIP() << "max_queued_events is " << most;
  on_loop([&] {
    for (int i = 0; i <= most / 2; ++i) {
      const std::string name = path("other" + std::to_string(i % 2));
      const base::UniqueFd other(open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      unlink(name.c_str());
    }
    replace("a.json", peers("\"h2\""));
  });
  EXPECT_TRUE(become("a.json", {"h2"}));
}

// In a child, whose user namespace has limits of its own.
enum class Outcome { kGood, kBad, kNotPossible };

Outcome read_without(const std::string& limit) {
  if (::unshare(CLONE_NEWUSER) != 0) return Outcome::kNotPossible;
  std::ofstream file("/proc/sys/user/" + limit);
  if (!(file << 0 << std::flush)) return Outcome::kNotPossible;
  FileDiscoveryBed bed;
  FileDiscovery::Options options = told();
  options.refresh = std::chrono::milliseconds(5);
  bed.start(options);
  bed.set({"a.json"});
  bed.write("a.json", peers("\"h1\""));
  if (!bed.become("a.json", {"h1"})) return Outcome::kBad;
  bed.write("a.json", peers("\"h2\""));
  return bed.become("a.json", {"h2"}) ? Outcome::kGood : Outcome::kBad;
}

class FileDiscoveryLimit : public testing::TestWithParam<std::string> {};

TEST_P(FileDiscoveryLimit, OfTheKernelMakesItReadFilesAgainAfterAWhile) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(static_cast<int>(read_without(GetParam())));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  const auto outcome = static_cast<Outcome>(WEXITSTATUS(status));
  if (outcome == Outcome::kNotPossible) GTEST_SKIP() << "no user namespace with limits";
  EXPECT_EQ(outcome, Outcome::kGood);
}

INSTANTIATE_TEST_SUITE_P(Limits, FileDiscoveryLimit,
                         testing::Values("max_inotify_instances", "max_inotify_watches"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace rtt::targets
