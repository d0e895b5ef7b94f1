#include "base/listen_address.h"

#include <gtest/gtest.h>

namespace rtt::base {
namespace {

class Text : public testing::TestWithParam<std::string> {};

TEST_P(Text, GivesTheSameText) {
  const auto parsed = ListenAddress::parse(GetParam());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->to_string(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Base, Text,
                         testing::Values(":10049", ":0", ":65535", "127.0.0.1:10049", "0.0.0.0:1",
                                         "[::1]:10049", "[::]:1", "[2001:db8::5]:65535"));

TEST(ListenAddress, WithoutAHostIsEveryAddress) {
  EXPECT_EQ(ListenAddress::parse(":10049")->address, std::nullopt);
}

TEST(ListenAddress, TheUnspecifiedAddressIsNotEveryAddress) {
  EXPECT_EQ(ListenAddress::parse("0.0.0.0:1")->address, IpAddress::parse("0.0.0.0"));
}

TEST(ListenAddress, ReadsThePort) { EXPECT_EQ(ListenAddress::parse(":10049")->port, 10049); }

TEST(ListenAddress, TheErrorSaysWhatIsAllowed) {
  EXPECT_EQ(ListenAddress::parse("10049").error().message,
            "'10049' is not a listen address; allowed: :port, 127.0.0.1:port or [::1]:port");
}

class NotAListenAddress : public testing::TestWithParam<std::string> {};

TEST_P(NotAListenAddress, IsRefused) { EXPECT_FALSE(ListenAddress::parse(GetParam()).ok()); }

INSTANTIATE_TEST_SUITE_P(Base, NotAListenAddress,
                         testing::Values("", ":", "::", "10049", "127.0.0.1",
                                         "127.0.0.1:", "localhost:1", "*:1", ":65536", ":-1", ":+1",
                                         ": 1", ":1 ", ":x", ":0x1", "::1:10049", "[::1]",
                                         "[::1]10049", "[]:1", "[:1", "[::1:1", "::1]:1",
                                         "[127.0.0.1]:1", "[[::1]]:1", "[fe80::1%eth0]:1",
                                         "1:2:3:4:5:6:7:8:9", std::string("127.0.0.1\0:1", 12)));

}  // namespace
}  // namespace rtt::base
