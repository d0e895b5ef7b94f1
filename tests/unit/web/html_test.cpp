#include "web/html.h"

#include <gtest/gtest.h>

namespace rtt::web {
namespace {

using namespace std::chrono_literals;

TEST(EscapeHtml, NeutralizesEveryCharacterThatHasAMeaning) {
  EXPECT_EQ(escape_html("<a href=\"x\" id='y'>&"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;");
}

TEST(EscapeHtml, LeavesOtherTextAlone) {
  EXPECT_EQ(escape_html("db1, µs 10.0/8"), "db1, µs 10.0/8");
}

TEST(FormatRtt, ShowsThreeDigitsInTheUnitThatFits) {
  EXPECT_EQ(format_rtt(8'314ns), "8.31 µs");
  EXPECT_EQ(format_rtt(41'250ns), "41.2 µs");
  EXPECT_EQ(format_rtt(412us), "412 µs");
  EXPECT_EQ(format_rtt(20'040us), "20.0 ms");
  EXPECT_EQ(format_rtt(1'240ms), "1.24 s");
}

TEST(FormatRtt, MovesToTheLargerUnitInsteadOfRoundingToThousand) {
  EXPECT_EQ(format_rtt(999'700ns), "1.00 ms");
  EXPECT_EQ(format_rtt(999'400ns), "999 µs");
}

TEST(FormatRtt, NeverRoundsToFourDigits) {
  EXPECT_EQ(format_rtt(9'996ns), "10.0 µs");
  EXPECT_EQ(format_rtt(99'960ns), "100 µs");
}

TEST(FormatRtt, ShowsAFallWithItsSign) { EXPECT_EQ(format_rtt(-1'500us), "−1.50 ms"); }

TEST(FormatRtt, ShowsZero) { EXPECT_EQ(format_rtt(0ns), "0.00 µs"); }

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'000), "1,000");
  EXPECT_EQ(format_count(12'345'678), "12,345,678");
}

}  // namespace
}  // namespace rtt::web
