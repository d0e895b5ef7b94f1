#include "echo_server/udp_policy.h"

#include <gtest/gtest.h>

namespace rtt::echo_server {
namespace {

base::IpAddress address(const char* text) { return *base::IpAddress::parse(text); }

// One that is answered.
Datagram good() {
  return {.source = address("10.0.0.1"),
          .source_port = 40000,
          .destination = address("10.0.0.2"),
          .local = address("10.0.0.2"),
          .local_port = 10007};
}

Datagram from_port(std::uint16_t port) {
  Datagram datagram = good();
  datagram.source_port = port;
  return datagram;
}

TEST(UdpPolicy, AClientIsAnswered) { EXPECT_EQ(refusal_of(good()), std::nullopt); }

TEST(UdpPolicy, AnIpv6ClientIsAnswered) {
  Datagram datagram = good();
  datagram.source = address("2001:db8::1");
  datagram.destination = datagram.local = address("2001:db8::2");
  EXPECT_EQ(refusal_of(datagram), std::nullopt);
}

TEST(UdpPolicy, APortAboveOursIsAnswered) {
  EXPECT_EQ(refusal_of(from_port(10008)), std::nullopt);
  EXPECT_EQ(refusal_of(from_port(65535)), std::nullopt);
}

TEST(UdpPolicy, OurPortOrOneBelowIsNotAnswered) {
  for (const std::uint16_t port : {0, 1, 7, 1023, 1024, 10006, 10007}) {
    EXPECT_EQ(refusal_of(from_port(port)), Refusal::kSourcePort) << port;
  }
}

TEST(UdpPolicy, APortOfAServiceIsNotAnsweredByALowServerEither) {
  Datagram datagram = from_port(1023);
  datagram.local_port = 7;
  EXPECT_EQ(refusal_of(datagram), Refusal::kSourcePort);
  datagram.source_port = 1024;
  EXPECT_EQ(refusal_of(datagram), std::nullopt);
}

TEST(UdpPolicy, OfTwoServersOneAtMostAnswersTheOther) {
  for (const std::uint32_t one : {1U, 7U, 1023U, 1024U, 10007U, 10008U, 40000U, 65535U}) {
    for (const std::uint32_t other : {1U, 7U, 1023U, 1024U, 10007U, 10008U, 40000U, 65535U}) {
      Datagram to_one = good();
      Datagram to_other = good();
      to_one.local_port = to_other.source_port = static_cast<std::uint16_t>(one);
      to_other.local_port = to_one.source_port = static_cast<std::uint16_t>(other);
      EXPECT_TRUE(refusal_of(to_one) || refusal_of(to_other)) << one << " " << other;
    }
  }
}

TEST(UdpPolicy, ASourceThatIsNotOneNodeIsNotAnswered) {
  for (const char* source :
       {"0.0.0.0", "0.0.0.1", "255.255.255.255", "224.0.0.1", "239.1.2.3", "::", "ff02::1"}) {
    Datagram datagram = good();
    datagram.source = address(source);
    EXPECT_EQ(refusal_of(datagram), Refusal::kSource) << source;
  }
}

TEST(UdpPolicy, ADestinationThatIsNotOneNodeIsNotAnswered) {
  for (const char* destination : {"255.255.255.255", "224.0.0.1", "ff02::1"}) {
    Datagram datagram = good();
    datagram.destination = datagram.local = address(destination);
    EXPECT_EQ(refusal_of(datagram), Refusal::kDestination) << destination;
  }
}

TEST(UdpPolicy, TheBroadcastAddressOfASubnetIsNotAnswered) {
  Datagram datagram = good();
  datagram.destination = address("10.0.0.255");
  EXPECT_EQ(refusal_of(datagram), Refusal::kDestination);
}

TEST(UdpPolicy, AnUnknownDestinationIsNotAnswered) {
  Datagram datagram = good();
  datagram.destination = datagram.local = std::nullopt;
  EXPECT_EQ(refusal_of(datagram), Refusal::kDestination);
}

TEST(UdpPolicy, ADatagramThatIsTooLongIsNotAnswered) {
  Datagram datagram = good();
  datagram.too_long = true;
  EXPECT_EQ(refusal_of(datagram), Refusal::kTooLong);
}

}  // namespace
}  // namespace rtt::echo_server
