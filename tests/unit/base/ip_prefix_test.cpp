#include "base/ip_prefix.h"

#include <gtest/gtest.h>

namespace rtt::base {
namespace {

IpPrefix prefix(std::string_view text) {
  const auto parsed = IpPrefix::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : IpPrefix(IpAddress());
}

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

class Cidr : public testing::TestWithParam<std::string> {};

TEST_P(Cidr, GivesTheSameText) { EXPECT_EQ(prefix(GetParam()).to_string(), GetParam()); }

INSTANTIATE_TEST_SUITE_P(Base, Cidr,
                         testing::Values("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.128/25",
                                         "10.0.0.5/32", "::/0", "2001:db8::/32", "fc00::/7",
                                         "2001:db8::5/128", "::/96", "8000::/1"));

class NotAPrefix : public testing::TestWithParam<std::string> {};

TEST_P(NotAPrefix, IsRefused) { EXPECT_FALSE(IpPrefix::parse(GetParam()).ok()); }

INSTANTIATE_TEST_SUITE_P(Base, NotAPrefix,
                         testing::Values("", "/", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33",
                                         "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.0 /8",
                                         "10.0.0.0/8/8", "10.0/16", "10.0.0.0/255.0.0.0", "::/129",
                                         "::/99999999999", "name/8", "fe80::%eth0/64", "[::]/0",
                                         "10.0.0.0/0x8", "10.0.0.0/08"));

TEST(IpPrefix, BitsPastTheLengthAreRefusedWithTheRightPrefix) {
  EXPECT_EQ(IpPrefix::parse("10.1.2.3/16").error().message,
            "'10.1.2.3/16' has bits set past its prefix length; allowed: 10.1.0.0/16");
  EXPECT_EQ(IpPrefix::parse("2001:db8::1/32").error().message,
            "'2001:db8::1/32' has bits set past its prefix length; allowed: 2001:db8::/32");
}

TEST(IpPrefix, AnIpv4LengthCountsFromBit96) {
  EXPECT_EQ(prefix("10.0.0.0/8").length_in_128(), 104U);
}

TEST(IpPrefix, AMappedPrefixIsTheIpv4Prefix) {
  EXPECT_EQ(prefix("::ffff:10.0.0.0/104"), prefix("10.0.0.0/8"));
}

TEST(IpPrefix, ContainsItsFirstAndLastAddress) {
  EXPECT_TRUE(prefix("10.1.2.128/25").contains(address("10.1.2.128")));
  EXPECT_TRUE(prefix("10.1.2.128/25").contains(address("10.1.2.255")));
}

TEST(IpPrefix, DoesNotContainItsNeighbours) {
  EXPECT_FALSE(prefix("10.1.2.128/25").contains(address("10.1.2.127")));
  EXPECT_FALSE(prefix("10.1.2.128/25").contains(address("10.1.3.0")));
}

TEST(IpPrefix, AnIpv4PrefixContainsAMappedAddress) {
  EXPECT_TRUE(prefix("10.0.0.0/8").contains(address("::ffff:10.9.9.9")));
}

TEST(IpPrefix, AllOfIpv4ContainsNoIpv6) {
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(address("203.0.113.1")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(address("2001:db8::5")));
}

TEST(IpPrefix, AnEmptyPrefixContainsEverything) {
  EXPECT_TRUE(prefix("::/0").contains(address("2001:db8::5")));
  EXPECT_TRUE(prefix("::/0").contains(address("10.0.0.5")));
}

TEST(IpPrefix, AWholeAddressContainsItselfOnly) {
  EXPECT_TRUE(IpPrefix(address("10.0.0.5")).contains(address("10.0.0.5")));
  EXPECT_FALSE(IpPrefix(address("10.0.0.5")).contains(address("10.0.0.4")));
}

TEST(IpPrefix, AWholeAddressHasLength128) {
  EXPECT_EQ(IpPrefix(address("10.0.0.5")).to_string(), "10.0.0.5/32");
}

TEST(IpPrefix, TheConstructorClearsBitsPastTheLength) {
  EXPECT_EQ(IpPrefix(address("10.1.2.3"), 112), prefix("10.1.0.0/16"));
  EXPECT_EQ(IpPrefix(address("10.1.2.3"), 0), prefix("::/0"));
}

}  // namespace
}  // namespace rtt::base
