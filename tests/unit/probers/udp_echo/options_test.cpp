#include "probers/udp_echo/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "probers/udp_echo/method.h"
#include "unit/probers/loaded_probe.h"

namespace rtt::probers::udp_echo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Loaded load(const std::string& keys) {
  const config::MethodSchema schema = method().schema;
  return config::load("probes:\n  echo: {method: udp_echo" + keys +
                          "}\ntargets:\n  - {name: t, hosts: [h], probes: [echo]}\n",
                      "test.yml", std::span(&schema, 1));
}

Options options(const std::string& keys) { return options_in<Options>(load(keys)); }

config::Problems problems(const std::string& keys) { return problems_in(load(keys)); }

TEST(UdpEchoOptions, HaveDefaults) {
  EXPECT_EQ(options("").port, 10007);
  EXPECT_EQ(options("").payload_bytes, 32);
  EXPECT_EQ(options("").source_ports, 1);
  EXPECT_FALSE(options("").dont_fragment);
  EXPECT_EQ(options("").socket, SocketOptions{});
}

TEST(UdpEchoOptions, AreReadFromTheConfiguration) {
  const Options read = options(
      ", port: 7, payload_bytes: 1400, source_ports: 8, dont_fragment: true, dscp: 46, "
      "source: \"2001:db8::5\", ttl: 3");
  EXPECT_EQ(read.port, 7);
  EXPECT_EQ(read.payload_bytes, 1400);
  EXPECT_EQ(read.source_ports, 8);
  EXPECT_TRUE(read.dont_fragment);
  EXPECT_EQ(read.socket.dscp, 46);
  EXPECT_EQ(read.socket.ttl, 3);
  EXPECT_EQ(read.socket.source, base::IpAddress::parse("2001:db8::5"));
}

TEST(UdpEchoOptions, AllowThePayloadsThatHoldATokenAndFitAPacket) {
  EXPECT_EQ(options(", payload_bytes: 16").payload_bytes, 16);
  EXPECT_EQ(options(", payload_bytes: 1400").payload_bytes, 1400);
  EXPECT_THAT(problems(", payload_bytes: 15"), ElementsAre(HasSubstr("16 to 1400")));
  EXPECT_THAT(problems(", payload_bytes: 1401"), ElementsAre(HasSubstr("16 to 1400")));
}

TEST(UdpEchoOptions, RefuseAPortOfNothing) {
  EXPECT_THAT(problems(", port: 0"), ElementsAre(HasSubstr("1 to 65535")));
  EXPECT_THAT(problems(", port: 65536"), ElementsAre(HasSubstr("1 to 65535")));
}

TEST(UdpEchoOptions, AllowUpTo64SourcePorts) {
  EXPECT_EQ(options(", source_ports: 64").source_ports, 64);
  EXPECT_THAT(problems(", source_ports: 0"), ElementsAre(HasSubstr("1 to 64")));
  EXPECT_THAT(problems(", source_ports: 65"), ElementsAre(HasSubstr("1 to 64")));
}

TEST(UdpEchoOptions, AreEqualWhenEverythingIs) {
  EXPECT_TRUE(options(", dscp: 8").equals(options(", dscp: 8")));
  for (const char* other :
       {"port: 7", "payload_bytes: 33", "source_ports: 2", "dont_fragment: true", "dscp: 8"}) {
    EXPECT_FALSE(options(std::string(", ") + other).equals(options(""))) << other;
  }
}

}  // namespace
}  // namespace rtt::probers::udp_echo
