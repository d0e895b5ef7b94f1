#include "base/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <unordered_set>

namespace rtt::base {
namespace {

IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress());
}

class Literal : public testing::TestWithParam<std::string> {};

TEST_P(Literal, GivesTheSameText) { EXPECT_EQ(address(GetParam()).to_string(), GetParam()); }

INSTANTIATE_TEST_SUITE_P(Base, Literal,
                         testing::Values("0.0.0.0", "10.0.0.5", "127.0.0.1", "255.255.255.255",
                                         "::", "::1", "2001:db8::5", "fe80::1", "1:2:3:4:5:6:7:8",
                                         "64:ff9b::a00:5"));

class NotALiteral : public testing::TestWithParam<std::string> {};

TEST_P(NotALiteral, IsRefused) { EXPECT_FALSE(IpAddress::parse(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Base, NotALiteral,
                         testing::Values("", " ", "localhost", "10.0.0", "10.0.0.256", "010.0.0.1",
                                         "10.0.0.5 ", " 10.0.0.5", "10.0.0.5:80", "10.0.0.5/32",
                                         "0x7f000001", "2130706433", "[::1]", "fe80::1%eth0",
                                         "1:2:3:4:5:6:7", "1::2::3", "12345::", "::g",
                                         std::string("::1\0", 4), std::string("10.0.0.5\0x", 10)));

TEST(IpAddress, Ipv4IsHeldAsAMappedAddress) {
  EXPECT_EQ(address("10.0.0.5"), address("::ffff:10.0.0.5"));
}

TEST(IpAddress, AMappedAddressIsIpv4) {
  EXPECT_TRUE(address("::ffff:10.0.0.5").is_v4());
  EXPECT_EQ(address("::ffff:10.0.0.5").to_string(), "10.0.0.5");
}

TEST(IpAddress, TheUnspecifiedAddressesDiffer) { EXPECT_NE(address("::"), address("0.0.0.0")); }

TEST(IpAddress, IsTheUnspecifiedIpv6AddressByDefault) { EXPECT_EQ(IpAddress(), address("::")); }

TEST(IpAddress, KnowsItsFamily) {
  EXPECT_EQ(address("10.0.0.5").family(), AF_INET);
  EXPECT_EQ(address("2001:db8::5").family(), AF_INET6);
}

TEST(IpAddress, KnowsLoopback) {
  EXPECT_TRUE(address("127.0.0.1").is_loopback());
  EXPECT_TRUE(address("127.9.9.9").is_loopback());
  EXPECT_TRUE(address("::1").is_loopback());
}

TEST(IpAddress, KnowsWhatIsNotLoopback) {
  EXPECT_FALSE(address("128.0.0.1").is_loopback());
  EXPECT_FALSE(address("::").is_loopback());
  EXPECT_FALSE(address("::2").is_loopback());
  EXPECT_FALSE(address("1::1").is_loopback());
  EXPECT_FALSE(address("::127.0.0.1").is_loopback());
}

TEST(IpAddress, AnIpv4AddressGoesIntoASockaddrAndBack) {
  const SocketAddress socket_address(address("10.0.0.5"), 443);
  EXPECT_EQ(socket_address.storage.ss_family, AF_INET);
  EXPECT_EQ(socket_address.length, sizeof(sockaddr_in));
  EXPECT_EQ(IpAddress::from_sockaddr(socket_address.storage), address("10.0.0.5"));
}

TEST(IpAddress, AnIpv6AddressGoesIntoASockaddrAndBack) {
  const SocketAddress socket_address(address("2001:db8::5"), 443);
  EXPECT_EQ(socket_address.storage.ss_family, AF_INET6);
  EXPECT_EQ(socket_address.length, sizeof(sockaddr_in6));
  EXPECT_EQ(IpAddress::from_sockaddr(socket_address.storage), address("2001:db8::5"));
}

TEST(SocketAddress, HasThePortInNetworkOrder) {
  sockaddr_in v4{};
  const SocketAddress socket_address(address("10.0.0.5"), 443);
  std::memcpy(&v4, socket_address.get(), sizeof v4);
  EXPECT_EQ(v4.sin_port, htons(443));
}

TEST(IpAddress, ADualStackSocketsPeerIsTheIpv4Address) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  ASSERT_EQ(inet_pton(AF_INET6, "::ffff:10.0.0.5", &v6.sin6_addr), 1);
  sockaddr_storage storage{};
  std::memcpy(&storage, &v6, sizeof v6);
  EXPECT_EQ(IpAddress::from_sockaddr(storage), address("10.0.0.5"));
}

TEST(IpAddress, OtherFamiliesHaveNone) {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  EXPECT_EQ(IpAddress::from_sockaddr(storage), std::nullopt);
}

TEST(IpAddress, GivesTheKernelItsForms) {
  EXPECT_EQ(address("10.0.0.5").to_in_addr().s_addr, htonl(0x0a000005));
  EXPECT_EQ(IpAddress(address("2001:db8::5").to_in6_addr()), address("2001:db8::5"));
}

TEST(IpAddress, OrdersByItsBytes) { EXPECT_LT(address("10.0.0.5"), address("10.0.1.0")); }

TEST(IpAddress, EqualAddressesHashEqually) {
  const std::unordered_set<IpAddress> set = {address("10.0.0.5"), address("::ffff:10.0.0.5"),
                                             address("10.0.0.6")};
  EXPECT_EQ(set.size(), 2U);
}

}  // namespace
}  // namespace rtt::base
