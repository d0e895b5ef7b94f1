// The unit and its drop-in, as systemd's own tools judge them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::systemd {
namespace {

using namespace std::chrono_literals;
using support::Process;
using testing::IsEmpty;

// The least that works here: what is left is its capabilities, its sockets and the host's network.
constexpr double kMostExposure = 1.6;

const std::string kShipped = RTT_SOURCE_DIR "/config/systemd/";

// What it says, and its exit code if that is not 0.
std::string analyze(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"systemd-analyze", "--no-pager"});
  Process process(arguments);
  const auto code = process.wait(60s);
  return process.output() + process.errors() +
         (code == 0 ? "" : "exit code " + (code ? std::to_string(*code) : "none"));
}

class UnitFile : public testing::Test {
 protected:
  // The unit with a program that exists, without the drop-in or with it.
  explicit UnitFile(bool with_drop_in = false) {
    std::string text = support::read_file(kShipped + "rtt_exporter.service");
    const std::string program = "/usr/local/bin/rtt_exporter";
    text.replace(text.find(program), program.size(), "/bin/true");
    if (with_drop_in) text += support::read_file(kShipped + "namespaces.conf");
    path_ = directory_.write("rtt_exporter.service", text);
  }

  const support::TemporaryDirectory directory_;
  std::string path_;
};

class UnitFileWithNamespaces : public UnitFile {
 protected:
  UnitFileWithNamespaces() : UnitFile(true) {}
};

double exposure(const std::string& path) {
  const std::string said = analyze({"security", "--offline=true", path});
  std::smatch match;
  if (!std::regex_search(said, match, std::regex("exposure level for \\S+: ([0-9.]+) "))) {
    ADD_FAILURE() << said;
    return 10;
  }
  return std::strtod(match.str(1).c_str(), nullptr);
}

TEST_F(UnitFile, VerifyHasNothingToSay) { EXPECT_THAT(analyze({"verify", path_}), IsEmpty()); }

TEST_F(UnitFile, ExposesLittle) { EXPECT_LE(exposure(path_), kMostExposure); }

TEST_F(UnitFileWithNamespaces, VerifyHasNothingToSay) {
  EXPECT_THAT(analyze({"verify", path_}), IsEmpty());
}

TEST_F(UnitFileWithNamespaces, IsStillOk) { EXPECT_LT(exposure(path_), 5); }

// Without this, a systemd-analyze that says nothing to anything would do.
TEST_F(UnitFile, VerifyComplainsAboutABadUnit) {
  const std::string bad =
      directory_.write("bad.service", "[Service]\nExecStart=true\nNonsense=1\n");
  EXPECT_THAT(analyze({"verify", bad}), testing::HasSubstr("Nonsense"));
}

}  // namespace
}  // namespace rtt::systemd
