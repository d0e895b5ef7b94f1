// The keys of the TCP methods, as the configuration file has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probers/tcp_connect/method.h"
#include "probers/tcp_connect/options.h"
#include "probers/tcp_echo/method.h"
#include "probers/tcp_echo/options.h"
#include "unit/probers/loaded_probe.h"

namespace rtt::probers {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Loaded load(const std::string& probe) {
  const std::vector<config::MethodSchema> methods = {tcp_connect::method().schema,
                                                     tcp_echo::method().schema};
  return config::load("probes:\n  p: {" + probe + "}\n", "test.yml", methods);
}

template <typename Options>
Options options_of(const std::string& probe) {
  return options_in<Options>(load(probe));
}

config::Problems problems_of(const std::string& probe) { return problems_in(load(probe)); }

TEST(TcpOptions, EveryKeyIsRead) {
  const auto options =
      options_of<tcp_connect::Options>("method: tcp_connect, port: 443, dscp: 46, source: \"::1\"");
  EXPECT_EQ(options.tcp.port, 443);
  EXPECT_EQ(options.tcp.socket.source, base::IpAddress::parse("::1"));
  EXPECT_EQ(options.tcp.socket.dscp, 46);
}

TEST(TcpOptions, TcpConnectHasNoDefaultPort) {
  EXPECT_THAT(problems_of("method: tcp_connect"), Contains(HasSubstr("port")));
}

TEST(TcpOptions, TcpEchoHasADefaultPort) {
  EXPECT_EQ(options_of<tcp_echo::Options>("method: tcp_echo").tcp.port, 10007);
}

TEST(TcpOptions, AnEmptySourceIsTheKernelsChoice) {
  EXPECT_EQ(options_of<tcp_echo::Options>("method: tcp_echo, source: \"\"").tcp.socket.source,
            std::nullopt);
}

TEST(TcpOptions, ASourceThatIsNoAddressIsAProblem) {
  EXPECT_THAT(problems_of("method: tcp_connect, port: 1, source: eth0"),
              Contains(HasSubstr("'source' is 'eth0'; allowed: ")));
}

TEST(TcpOptions, OneConnectionIsTheDefault) {
  EXPECT_EQ(options_of<tcp_echo::Options>("method: tcp_echo").source_ports, 1u);
}

TEST(TcpOptions, UpToSixtyFourSourcePortsAreAllowed) {
  EXPECT_EQ(options_of<tcp_echo::Options>("method: tcp_echo, source_ports: 64").source_ports, 64u);
  EXPECT_THAT(
      problems_of("method: tcp_echo, source_ports: 65"),
      ElementsAre("test.yml:2:39: 'source_ports' is '65'; allowed: a whole number from 1 to "
                  "64"));
}

TEST(TcpOptions, TcpConnectHasANewSourcePortPerProbeAnyway) {
  EXPECT_THAT(problems_of("method: tcp_connect, port: 1, source_ports: 2"),
              Contains(HasSubstr("source_ports")));
}

TEST(TcpOptions, AMessageMustHoldItsHeader) {
  EXPECT_THAT(problems_of("method: tcp_echo, payload_bytes: 15"),
              Contains(HasSubstr("payload_bytes")));
}

TEST(TcpOptions, AMessageMustFitASegment) {
  EXPECT_THAT(problems_of("method: tcp_echo, payload_bytes: 1401"),
              Contains(HasSubstr("payload_bytes")));
}

TEST(TcpOptions, TheLargestMessageIsAllowed) {
  EXPECT_EQ(options_of<tcp_echo::Options>("method: tcp_echo, payload_bytes: 1400").payload_bytes,
            1400u);
}

}  // namespace
}  // namespace rtt::probers
