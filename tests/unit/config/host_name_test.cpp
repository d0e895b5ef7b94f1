#include "config/host_name.h"

#include <gtest/gtest.h>

namespace rtt::config {
namespace {

TEST(CanonicalHost, ANameIsInLowerCase) {
  EXPECT_EQ(*canonical_host("DB1.Example.NET"), "db1.example.net");
}

TEST(CanonicalHost, ANameHasNoFinalDot) { EXPECT_EQ(*canonical_host("db1.net."), "db1.net"); }

TEST(CanonicalHost, AnAddressIsInItsShortestForm) {
  EXPECT_EQ(*canonical_host("2001:DB8:0:0:0:0:0:5"), "2001:db8::5");
}

TEST(CanonicalHost, AMappedAddressIsItsIpv4Address) {
  EXPECT_EQ(*canonical_host("::ffff:10.0.0.5"), "10.0.0.5");
}

class ValidHost : public testing::TestWithParam<std::string> {};

TEST_P(ValidHost, IsAllowed) {
  const auto host = canonical_host(GetParam());
  EXPECT_TRUE(host.ok()) << host.error().message;
}

INSTANTIATE_TEST_SUITE_P(Config, ValidHost,
                         testing::Values("a", "localhost", "1a", "3com.com", "a-b", "a--b", "_srv",
                                         "a_b.c", "x.1e2", "127.0.0.1", "::1", "fe80::1",
                                         "2001:db8::5", std::string(63, 'a'),
                                         std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                             std::string(63, 'c') + "." + std::string(61, 'd'),
                                         "cafe", "beef.example"));

class InvalidHost : public testing::TestWithParam<std::string> {};

TEST_P(InvalidHost, IsRefused) { EXPECT_FALSE(canonical_host(GetParam()).ok()); }

INSTANTIATE_TEST_SUITE_P(Config, InvalidHost,
                         testing::Values("", ".", "..", "a..b", "a.b..", "-a", "a-", "a.-b", "a b",
                                         "a/b", "a*", "*.example.net", "1", "1.2", "1.2.3.4.5",
                                         "256.0.0.1", "01.2.3.4", "a.1", ":443", "a:b", "::1::",
                                         "user@host", std::string("a\0b", 3), std::string(64, 'a'),
                                         std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                             std::string(63, 'c') + "." + std::string(62, 'd')));

}  // namespace
}  // namespace rtt::config
