#include "echo_server/repeat_guard.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

namespace rtt::echo_server {
namespace {

using namespace std::chrono_literals;

const base::IpAddress kClient = *base::IpAddress::parse("10.0.0.1");
const base::IpAddress kOther = *base::IpAddress::parse("10.0.0.2");

class RepeatGuardTest : public testing::Test {
 protected:
  // How many of `count`, `apart`, are refused.
  int refused(int count, base::nanoseconds apart, std::string_view text = "ping") {
    int result = 0;
    for (int i = 0; i < count; ++i, now_ += apart) {
      if (!allows(kClient, 40000, text)) ++result;
    }
    return result;
  }
  bool allows(const base::IpAddress& source, std::uint16_t port, std::string_view text) {
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    return guard_.allows(source, port, bytes, now_);
  }

  RepeatGuard guard_;
  base::TimePoint now_{1000s};
};

TEST_F(RepeatGuardTest, AFewEqualDatagramsAreAllowed) {
  EXPECT_EQ(refused(RepeatGuard::kRun - 1, 0ns), 0);
}

TEST_F(RepeatGuardTest, WhatGoesRoundEnds) { EXPECT_EQ(refused(RepeatGuard::kRun, 1ms), 1); }

TEST_F(RepeatGuardTest, ASlowRoundEndsToo) { EXPECT_EQ(refused(RepeatGuard::kRun, 750ms), 1); }

TEST_F(RepeatGuardTest, EqualDatagramsOncePerSecondAreAllowed) {
  EXPECT_EQ(refused(10 * RepeatGuard::kRun, 1s), 0);
}

TEST_F(RepeatGuardTest, OneOfARunIsRefused) { EXPECT_EQ(refused(4 * RepeatGuard::kRun, 1ms), 4); }

TEST_F(RepeatGuardTest, DifferentDatagramsAreAllowed) {
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(allows(kClient, 40000, "ping " + std::to_string(i))) << i;
  }
}

TEST_F(RepeatGuardTest, LengthTellsDatagramsApart) {
  using namespace std::string_view_literals;
  for (int i = 0; i < RepeatGuard::kRun - 1; ++i) {
    EXPECT_TRUE(allows(kClient, 40000, ""sv));
    EXPECT_TRUE(allows(kClient, 40000, "\0"sv));
    EXPECT_TRUE(allows(kClient, 40000, "\0\0"sv));
  }
}

TEST_F(RepeatGuardTest, SourcesAreToldApart) {
  for (int i = 0; i < RepeatGuard::kRun - 1; ++i) {
    EXPECT_TRUE(allows(kClient, 40000, "ping"));
    EXPECT_TRUE(allows(kOther, 40000, "ping"));
    EXPECT_TRUE(allows(kClient, 40001, "ping"));
  }
}

}  // namespace
}  // namespace rtt::echo_server
