#include "config/wording.h"

#include <gtest/gtest.h>

#include <vector>

namespace rtt::config {
namespace {

const std::vector<std::string> kNames = {"interval", "timeout", "port", "method"};

TEST(InQuotes, StaysOnOneLine) { EXPECT_EQ(in_quotes("a\nb\x7f"), "'a\\x0ab\\x7f'"); }

TEST(InQuotes, CutsALongText) {
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "'" + std::string(80, 'x') + "...'");
}

TEST(InQuotes, LeavesATextOf80BytesWhole) {
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "'" + std::string(80, 'x') + "'");
}

TEST(InQuotes, CutsBetweenCharacters) {
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "ü"), "'" + std::string(79, 'x') + "...'");
}

TEST(Listed, PutsCommasBetween) { EXPECT_EQ(listed(kNames), "interval, timeout, port, method"); }

TEST(Listed, OfNothingIsNothing) { EXPECT_EQ(listed({}), ""); }

TEST(Listed, CutsALongList) {
  const std::vector<std::string> twenty(20, "x");
  const std::vector<std::string> more(21, "x");
  EXPECT_EQ(listed(more), listed(twenty) + ", ...");
}

TEST(Suggestion, FindsASwap) {
  EXPECT_EQ(suggestion("intervla", kNames), " (did you mean 'interval'?)");
}

TEST(Suggestion, FindsAMissingAndAnAdditionalLetter) {
  EXPECT_EQ(suggestion("ports", kNames), " (did you mean 'port'?)");
  EXPECT_EQ(suggestion("metod", kNames), " (did you mean 'method'?)");
}

TEST(Suggestion, PrefersTheNearest) {
  EXPECT_EQ(suggestion("hosts", std::vector<std::string>{"posts2", "host"}),
            " (did you mean 'host'?)");
}

TEST(Suggestion, DoesNotGuess) {
  EXPECT_EQ(suggestion("dscp", kNames), "");
  EXPECT_EQ(suggestion("pt", kNames), "");
  EXPECT_EQ(suggestion("", kNames), "");
}

}  // namespace
}  // namespace rtt::config
