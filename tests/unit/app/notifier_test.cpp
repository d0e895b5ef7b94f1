#include "app/notifier.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <vector>

#include "unit/app/notify_socket.h"

namespace rtt::app {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

TEST(Notifier, TellsAnAbstractSocketThatItIsReady) {
  const NotifySocket socket(NotifySocket::abstract_name());
  Notifier().ready("Measuring: icmp");
  EXPECT_EQ(socket.next(), "READY=1\nSTATUS=Measuring: icmp\n");
}

TEST(Notifier, TellsASocketInTheFileSystemThatItIsReady) {
  const NotifySocket socket(NotifySocket::path());
  Notifier().ready("Measuring: icmp");
  EXPECT_EQ(socket.next(), "READY=1\nSTATUS=Measuring: icmp\n");
}

TEST(Notifier, TellsWhenAReloadBegan) {
  const NotifySocket socket(NotifySocket::abstract_name());
  Notifier().reloading();
  EXPECT_THAT(socket.next(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\n"));
}

TEST(Notifier, TellsThatItStops) {
  const NotifySocket socket(NotifySocket::abstract_name());
  Notifier().stopping();
  EXPECT_THAT(socket.next(), HasSubstr("STOPPING=1\n"));
}

TEST(Notifier, StatusOfSeveralLinesIsNoFurtherAssignment) {
  const NotifySocket socket(NotifySocket::abstract_name());
  Notifier().status("refused\nREADY=1");
  EXPECT_EQ(socket.next(), "STATUS=refused READY=1\n");
}

TEST(Notifier, GoesOnWithoutASocket) { Notifier().ready("Measuring"); }

TEST(Notifier, GoesOnWhenNobodyListens) {
  ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
  Notifier().alive();
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(Notifier, TellsItAlsoWithoutADescriptorLeft) {
  const NotifySocket socket(NotifySocket::abstract_name());
  Notifier notifier;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 64, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<base::UniqueFd> all;
  while (all.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC))) {
  }
  notifier.alive();
  notifier.alive();
  all.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(socket.next(), "WATCHDOG=1\n");
  EXPECT_EQ(socket.next(), "WATCHDOG=1\n");
}

TEST(WatchdogTimeout, IsWhatTheServiceManagerSays) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(Notifier::watchdog_timeout(), std::chrono::seconds(30));
  ::unsetenv("WATCHDOG_USEC");
}

TEST(WatchdogTimeout, IsNothingWithoutAWatchdog) {
  EXPECT_EQ(Notifier::watchdog_timeout(), std::nullopt);
}

TEST(WatchdogTimeout, IsNothingWhenItIsMeantForAnotherProcess) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(Notifier::watchdog_timeout(), std::nullopt);
  ::unsetenv("WATCHDOG_PID");
  ::unsetenv("WATCHDOG_USEC");
}

}  // namespace
}  // namespace rtt::app
