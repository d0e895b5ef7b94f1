// Which groups there are. How changes are noticed: file_discovery_watch_test.cpp.
#include "targets/file_discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unit/targets/file_discovery_bed.h"

namespace rtt::targets {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class FileDiscoveryTest : public testing::Test, protected FileDiscoveryBed {};

TEST_F(FileDiscoveryTest, ReadsWhatIsThereBeforeSetPatternsReturns) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  EXPECT_THAT(hosts("a.json"), ElementsAre("h1"));
  EXPECT_EQ(changes(), 0);
}

TEST_F(FileDiscoveryTest, CountsNoErrorsFromTheBeginning) {
  start();
  EXPECT_EQ(errors(), 0);
}

TEST_F(FileDiscoveryTest, AFileThatIsNotThereIsNoError) {
  start();
  set({"a.json", "none/b.json", "none/*.json"});
  EXPECT_THAT(hosts("a.json"), IsEmpty());
  EXPECT_EQ(errors(), 0);
}

// The kubelet's way: data in a directory of its own, a link to it, links through that link.
TEST_F(FileDiscoveryTest, SurvivesLinksInACircle) {
  link("b.json", "a.json");
  link("a.json", "b.json");
  start();
  set({"*.json", "a.json"});
  EXPECT_THAT(hosts("*.json"), IsEmpty());
  EXPECT_GE(errors(), 1);
}

TEST_F(FileDiscoveryTest, ReadsTheFilesOfAPatternInTheirOrder) {
  for (const char* name : {"2.json", "1.json", "3.yml", ".4.json"}) {
    write(name, peers("\"h" + std::string(name) + "\""));
  }
  start();
  set({"*.json"});
  EXPECT_THAT(hosts("*.json"), ElementsAre("h1.json", "h2.json"));
}

TEST_F(FileDiscoveryTest, ABadFileKeepsItsLastGoodGroups) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  replace("a.json", "[{");
  ASSERT_TRUE(fails());
  EXPECT_THAT(hosts("a.json"), ElementsAre("h1"));
  EXPECT_EQ(changes(), 0);
}

TEST_F(FileDiscoveryTest, ABadFileThatIsGoodAgainIsRead) {
  write("a.json", "[{");
  start();
  set({"a.json"});
  ASSERT_EQ(errors(), 1);
  replace("a.json", peers("\"h2\""));
  EXPECT_TRUE(become("a.json", {"h2"}));
}

TEST_F(FileDiscoveryTest, ABadFileThatGoesLosesItsGroups) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  replace("a.json", "[{");
  ASSERT_TRUE(fails());
  fs::remove(path("a.json"));
  EXPECT_TRUE(become("a.json", {}));
}

TEST_F(FileDiscoveryTest, ABadFileIsLoggedOncePerProblem) {
  write("a.json", "[{");
  testing::internal::CaptureStderr();
  start(untold());
  set({"a.json"});
  ASSERT_TRUE(fails(5));
  replace("a.json", "[\n{");
  ASSERT_TRUE(fails(10));
  on_loop([] {});
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("a.json:1:"), std::string::npos) << log;
  std::size_t lines = 0;
  for (const char c : log) lines += c == '\n' ? 1 : 0;
  EXPECT_LE(lines, 2U) << log;
}

TEST_F(FileDiscoveryTest, WhatIsWrittenWithoutAChangeIsNone) {
  write("a.json", peers("\"h1\""));
  write("b.json", peers("\"h2\""));
  start();
  set({"a.json", "b.json"});
  replace("a.json", " " + peers("\"h1\""));
  replace("b.json", peers("\"h3\""));
  ASSERT_TRUE(become("b.json", {"h3"}));
  EXPECT_EQ(changes(), 1);
}

TEST_F(FileDiscoveryTest, APipeIsAnErrorAndDoesNotBlock) {
  ASSERT_EQ(mkfifo(path("a.json").c_str(), 0600), 0);
  make_directory("b.json");
  link("/dev/zero", "c.json");
  start();
  set({"*.json"});
  EXPECT_EQ(errors(), 3);
}

TEST_F(FileDiscoveryTest, AFileThatIsTooLargeIsAnError) {
  write("a.json", "");
  fs::resize_file(path("a.json"), std::uintmax_t{1} << 40U);
  start();
  set({"a.json"});
  EXPECT_EQ(errors(), 1);
}

TEST_F(FileDiscoveryTest, FilesTooManyAreErrors) {
  for (const char* name : {"1.json", "2.json", "3.json"})
    write(name, peers("\"" + std::string(1, *name) + "h\""));
  FileDiscovery::Options options = told();
  options.max_files = 2;
  start(options);
  set({"*.json"});
  EXPECT_THAT(hosts("*.json"), ElementsAre("1h", "2h"));
  EXPECT_EQ(errors(), 1);
}

TEST_F(FileDiscoveryTest, AFileThatDoesNotFitIntoTheMemoryIsAnError) {
  write("1.json", peers("\"h1\""));
  write("2.json", peers("\"h2\", \"h3\""));
  write("3.json", peers("\"h4\""));
  FileDiscovery::Options options = told();
  options.max_memory = 2 * config::FileGroup{{"h1"}, {}}.memory();
  start(options);
  set({"*.json"});
  EXPECT_THAT(hosts("*.json"), ElementsAre("h1", "h4"));
  EXPECT_EQ(errors(), 1);
}

TEST_F(FileDiscoveryTest, APatternTwiceIsOne) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json", "a.json"});
  EXPECT_THAT(hosts("a.json"), ElementsAre("h1"));
}

TEST_F(FileDiscoveryTest, AFileOfTwoPatternsBelongsToBoth) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json", "*.json"});
  EXPECT_THAT(hosts("a.json"), ElementsAre("h1"));
  EXPECT_THAT(hosts("*.json"), ElementsAre("h1"));
}

TEST_F(FileDiscoveryTest, APatternThatIsNotSetHasNoGroups) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  set({});
  EXPECT_THAT(hosts("a.json"), IsEmpty());
}

TEST_F(FileDiscoveryTest, GoingBackToPatternsCostsNoGroups) {
  write("a.json", peers("\"h1\""));
  start();
  set({"a.json"});
  replace("a.json", "[{");
  ASSERT_TRUE(fails());
  set({"b.json"});
  set({"a.json"});
  EXPECT_THAT(hosts("a.json"), ElementsAre("h1"));
}

// The kernel keeps fs.inotify.max_queued_events; the loop takes none while it is kept busy.
}  // namespace
}  // namespace rtt::targets
