#include "config/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace rtt::config {
namespace {

class WellFormed : public testing::TestWithParam<std::string> {};

TEST_P(WellFormed, IsValidToItsEnd) { EXPECT_EQ(valid_utf8_prefix(GetParam()), GetParam().size()); }

INSTANTIATE_TEST_SUITE_P(Utf8, WellFormed,
                         testing::Values("", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                                         "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                                         "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a€b"));

class Malformed : public testing::TestWithParam<std::string> {};

TEST_P(Malformed, IsValidOnlyUpToTheBadByte) {
  EXPECT_EQ(valid_utf8_prefix("ok" + GetParam() + "more"), 2U);
}

INSTANTIATE_TEST_SUITE_P(Utf8, Malformed,
                         testing::Values("\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc2",
                                         "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
                                         "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                                         "\xff"));

TEST(Utf8, ACharacterCutOffByTheEndIsNotValid) { EXPECT_EQ(valid_utf8_prefix("a\xe2\x82"), 1U); }

}  // namespace
}  // namespace rtt::config
