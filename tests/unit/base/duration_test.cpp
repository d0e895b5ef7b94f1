#include "base/duration.h"

#include <gtest/gtest.h>

namespace rtt::base {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(ParseDuration, KnowsEveryUnit) {
  EXPECT_EQ(*parse_duration("7us"), microseconds(7));
  EXPECT_EQ(*parse_duration("7ms"), milliseconds(7));
  EXPECT_EQ(*parse_duration("7s"), seconds(7));
  EXPECT_EQ(*parse_duration("7m"), minutes(7));
  EXPECT_EQ(*parse_duration("7h"), hours(7));
  EXPECT_EQ(*parse_duration("7d"), days(7));
  EXPECT_EQ(*parse_duration("7w"), days(49));
  EXPECT_EQ(*parse_duration("7y"), days(7 * 365));
}

TEST(ParseDuration, AddsUnitsInFallingOrder) {
  EXPECT_EQ(*parse_duration("1h30m"), minutes(90));
  EXPECT_EQ(*parse_duration("1m1ms1us"), minutes(1) + milliseconds(1) + microseconds(1));
}

TEST(ParseDuration, ABareZeroIsAllowed) { EXPECT_EQ(*parse_duration("0"), nanoseconds(0)); }

TEST(ParseDuration, ZeroOfAUnitIsAllowed) { EXPECT_EQ(*parse_duration("0s"), nanoseconds(0)); }

TEST(ParseDuration, ACenturyIsAllowed) { EXPECT_EQ(*parse_duration("100y"), days(36500)); }

TEST(ParseDuration, TheErrorSaysWhatIsAllowed) {
  EXPECT_EQ(parse_duration("5").error().message,
            "'5' is not a duration; allowed: a number with a unit, like 500ms, 5s, 1m or 1h30m");
}

class NotADuration : public testing::TestWithParam<std::string> {};

TEST_P(NotADuration, IsRefused) { EXPECT_FALSE(parse_duration(GetParam()).ok()); }

INSTANTIATE_TEST_SUITE_P(Base, NotADuration,
                         testing::Values("", " ", "5", "00", "s", "-1s", "+1s", "1.5s", "1 s",
                                         " 1s", "1s ", "1S", "1sec", "1ns", "1mss", "1s1m", "1s1s",
                                         "1m1m", "1ms1s", "1h 1m", "101y", "100y1us", "1e3s",
                                         "99999999999999999999s", "9223372036854775807y", "1s-1ms",
                                         "0x1s", "1s1", std::string("1s\0", 3)));

TEST(FormatDuration, LeavesOutUnitsThatAreZero) {
  EXPECT_EQ(format_duration(minutes(90)), "1h30m");
  EXPECT_EQ(format_duration(hours(1) + milliseconds(1)), "1h1ms");
}

TEST(FormatDuration, ZeroIsABareZero) { EXPECT_EQ(format_duration(nanoseconds(0)), "0"); }

TEST(FormatDuration, RoundsDownToAMicrosecond) {
  EXPECT_EQ(format_duration(nanoseconds(1999)), "1us");
}

class RoundTrip : public testing::TestWithParam<std::string> {};

TEST_P(RoundTrip, GivesTheSameText) {
  EXPECT_EQ(format_duration(*parse_duration(GetParam())), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Base, RoundTrip,
                         testing::Values("0", "1us", "999us", "500ms", "5s", "1m", "1h30m", "1d",
                                         "1w", "1y", "100y", "1y2w3d4h5m6s7ms8us"));

}  // namespace
}  // namespace rtt::base
