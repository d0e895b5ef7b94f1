#include "support/process.h"

#include <gmock/gmock.h>
#include <signal.h>

#include "support/setup_error.h"

namespace rtt::support {
namespace {

using namespace std::chrono_literals;

TEST(Process, ExitCodeIsReported) {
  Process process({"sh", "-c", "exit 3"});
  EXPECT_EQ(process.wait(10s), 3);
}

TEST(Process, SignalThatEndedItIsReported) {
  Process process({"sleep", "60"});
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(10s), 128 + SIGTERM);
}

TEST(Process, OutputAndErrorsAreKeptApart) {
  Process process({"sh", "-c", "echo out; echo err >&2"});
  ASSERT_EQ(process.wait(10s), 0);
  EXPECT_EQ(process.output(), "out\n");
  EXPECT_EQ(process.errors(), "err\n");
}

TEST(Process, MuchUnreadOutputDoesNotBlockIt) {
  Process process({"head", "-c", "3000000", "/dev/zero"});
  ASSERT_EQ(process.wait(10s), 0);
  EXPECT_EQ(process.output().size(), 3'000'000U);
}

TEST(Process, TextIsWaitedFor) {
  Process process({"sh", "-c", "echo ready; sleep 60"});
  EXPECT_TRUE(process.wait_for_text("ready", 10s));
}

TEST(Process, TextThatNeverComesEndsWithTheProcess) {
  Process process({"sh", "-c", "echo other"});
  EXPECT_FALSE(process.wait_for_text("ready", 10s));
}

TEST(Process, EndOfTheObjectIsTheEndOfTheProcess) {
  pid_t pid = 0;
  {
    const Process process({"sleep", "60"});
    pid = process.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Process, UnknownProgramEndsWith127) {
  Process process({"no-such-program-anywhere"});
  EXPECT_EQ(process.wait(10s), 127);
}

TEST(Process, EnvironmentIsExtended) {
  EXPECT_EQ(run_command({"sh", "-c", "echo $RTT_TEST"}, {.environment = {"RTT_TEST=yes"}}),
            "yes\n");
}

TEST(Process, CommandThatFailsThrowsItsErrors) {
  try {
    run_command({"sh", "-c", "echo why >&2; exit 1"});
    FAIL() << "nothing thrown";
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("why"));
  }
}

}  // namespace
}  // namespace rtt::support
