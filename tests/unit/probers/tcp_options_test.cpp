// The keys of the TCP methods, as the configuration file has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"
#include "probers/tcp_connect/method.h"
#include "probers/tcp_connect/options.h"
#include "probers/tcp_echo/method.h"
#include "probers/tcp_echo/options.h"

namespace rtt::probers {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::variant<config::Config, config::Problems> load(const std::string& probe) {
  const std::vector<config::MethodSchema> methods = {tcp_connect::method().schema,
                                                     tcp_echo::method().schema};
  return config::load("probes:\n  p: {" + probe + "}\n", "test.yml", methods);
}

template <typename Options>
Options options_of(const std::string& probe) {
  const auto loaded = load(probe);
  if (const auto* problems = std::get_if<config::Problems>(&loaded)) {
    ADD_FAILURE() << problems->front();
    return {};
  }
  return dynamic_cast<const Options&>(*std::get<config::Config>(loaded).probes.front().options);
}

config::Problems problems_of(const std::string& probe) {
  const auto loaded = load(probe);
  const auto* problems = std::get_if<config::Problems>(&loaded);
  return problems ? *problems : config::Problems{};
}

TEST(TcpOptions, EveryKeyIsRead) {
  const auto options =
      options_of<tcp_connect::Options>("method: tcp_connect, port: 443, dscp: 46, source: \"::1\"");
  EXPECT_EQ(options.tcp, (TcpOptions{443, 46, base::IpAddress::parse("::1")}));
}

TEST(TcpOptions, TcpConnectHasNoDefaultPort) {
  EXPECT_THAT(problems_of("method: tcp_connect"), Contains(HasSubstr("port")));
}

TEST(TcpOptions, TcpEchoHasADefaultPort) {
  EXPECT_EQ(options_of<tcp_echo::Options>("method: tcp_echo").tcp.port, 10007);
}

TEST(TcpOptions, AnEmptySourceIsTheKernelsChoice) {
  EXPECT_EQ(options_of<tcp_echo::Options>("method: tcp_echo, source: \"\"").tcp.source,
            std::nullopt);
}

TEST(TcpOptions, ASourceThatIsNoAddressIsAProblem) {
  EXPECT_THAT(problems_of("method: tcp_connect, port: 1, source: eth0"),
              Contains(HasSubstr("'eth0' is not an address; allowed: ")));
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
