// What is counted, how often, and under which peer.
#include <netinet/in.h>
#include <sys/socket.h>

#include "measured_link.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::bpf_test {
namespace {

using CountingTest = MeasuredLinkTest;

TEST_F(CountingTest, EveryConnectionWithOneExchangeGivesOneSampleOnTheClientsSide) {
  Measurement measurement(both_hosts());
  connect_and_exchange(200);
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 200u);
}

TEST_F(CountingTest, EveryConnectionGivesOneHandshakeOnTheClientsSide) {
  Measurement measurement(both_hosts());
  connect_and_exchange(200);
  EXPECT_EQ(measurement.count("server", "tcp_handshake"), 200u);
}

TEST_F(CountingTest, EveryConnectionGivesOneHandshakeOnTheServersSide) {
  Measurement measurement(both_hosts());
  connect_and_exchange(50);
  EXPECT_TRUE(
      support::wait_until([&] { return measurement.count("client", "tcp_handshake") == 50; }));
}

TEST_F(CountingTest, EveryExchangeOfALongConnectionGivesOneSample) {
  Measurement measurement(both_hosts());
  const auto fd = connect(addresses_.b4);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(support::exchange(fd.get(), "ping"));
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 300u);
}

TEST_F(CountingTest, ASampleIsInTheNextCollectAfterItsAcknowledgement) {
  Measurement measurement(both_hosts());
  const auto fd = connect(addresses_.b4);
  for (unsigned i = 1; i <= 20; ++i) {
    ASSERT_TRUE(support::exchange(fd.get(), "ping"));
    ASSERT_EQ(measurement.count("server", "tcp_probe"), i);
  }
}

TEST_F(CountingTest, Ipv6IsCounted) {
  Measurement measurement(both_hosts());
  connect_and_exchange(addresses_.b6, 50);
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 50u);
  EXPECT_EQ(measurement.count("server", "tcp_handshake"), 50u);
}

TEST_F(CountingTest, AV4MappedConnectionCountsAsItsIpv4Address) {
  Measurement measurement(both_hosts());
  const auto address = base::IpAddress::parse(addresses_.b4);
  ASSERT_TRUE(address);
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port_);
  to.sin6_addr = address->to_in6_addr();
  const bool answered = client_->run([&] {
    const base::UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
           support::exchange(fd.get(), "ping");
  });
  ASSERT_TRUE(answered);
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 1u);
  EXPECT_EQ(measurement.count("server", "tcp_handshake"), 1u);
}

TEST_F(CountingTest, TheLongestPrefixWins) {
  const auto server = base::IpAddress::parse(addresses_.b4).value();
  const base::IpAddress neighbour(in_addr{server.to_in_addr().s_addr ^ htonl(1)});
  const std::string wide = base::IpPrefix(server, 96 + 24).to_string();
  const std::string narrow = base::IpPrefix(server, 96 + 31).to_string();
  const std::string beside = base::IpPrefix(neighbour, 128).to_string();
  Measurement measurement({network_target("client", {addresses_.a4 + "/32"}),
                           network_target("wide", {wide}), network_target("narrow", {narrow}),
                           network_target("beside", {beside})});
  connect_and_exchange(10);
  EXPECT_EQ(measurement.count("narrow", "tcp_handshake"), 10u);
  EXPECT_EQ(measurement.count("wide", "tcp_handshake"), 0u);
  EXPECT_EQ(measurement.count("beside", "tcp_handshake"), 0u);
}

TEST_F(CountingTest, ALocalPortNamesAcceptedConnectionsOfUnknownPeers) {
  Measurement measurement({port_target("service", port_)});
  connect_and_exchange(10);
  EXPECT_TRUE(
      support::wait_until([&] { return measurement.count("service", "tcp_handshake") >= 10; }));
}

TEST_F(CountingTest, APrefixGoesBeforeALocalPort) {
  auto targets = both_hosts();
  targets.push_back(port_target("service", port_));
  Measurement measurement(std::move(targets));
  connect_and_exchange(10);
  ASSERT_TRUE(
      support::wait_until([&] { return measurement.count("client", "tcp_handshake") == 10; }));
  EXPECT_EQ(measurement.count("service", "tcp_handshake"), 0u);
}

TEST_F(CountingTest, WhatNothingNamesIsOther) {
  Measurement measurement(std::vector<config::Target>{});
  connect_and_exchange(10);
  EXPECT_GE(measurement.count("other", "tcp_probe"), 10u);
  EXPECT_GE(measurement.count("other", "tcp_handshake"), 10u);
}

TEST_F(CountingTest, AChangedAddressCountsAtOnceUnderItsNewPeer) {
  config::Target first, second;
  first.name = "first";
  first.hosts = {"first.test"};
  second.name = "second";
  second.hosts = {"second.test"};
  Measurement measurement({first, second});
  const auto address = base::IpAddress::parse(addresses_.b4).value();
  const auto fd = connect(addresses_.b4);
  for (unsigned i = 0; i < 20; ++i) {
    measurement.classifier().set_addresses(1 + i % 2, {});
    measurement.classifier().set_addresses(2 - i % 2, {address});
    ASSERT_TRUE(measurement.source().set_prefixes(measurement.classifier()).ok());
    ASSERT_TRUE(support::exchange(fd.get(), "ping"));
    ASSERT_TRUE(support::exchange(fd.get(), "ping"));
    ASSERT_EQ(measurement.count(i % 2 ? "first" : "second", "tcp_probe"), 2 * (i / 2 + 1));
  }
}

TEST_F(CountingTest, AReceiverOfBulkDataThatSendsOneRequestAddsOneSample) {
  support::TcpService source(*server_, second_port_, support::source);
  Measurement measurement(both_hosts());
  constexpr std::size_t kBytes = 20'000'000;
  const bool received = client_->run([&] {
    auto fd = support::connect_tcp(addresses_.b4, second_port_);
    return fd.ok() && support::send_all(fd->get(), support::size_message(kBytes)) &&
           support::receive_exactly(fd->get(), kBytes);
  });
  ASSERT_TRUE(received);
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 1u);
}

TEST_F(CountingTest, BulkDataSentIsSampled) {
  support::TcpService sink(*server_, second_port_, support::sink);
  Measurement measurement(both_hosts());
  const std::string data = support::size_message(20'000'000);
  const bool sent = client_->run([&] {
    auto fd = support::connect_tcp(addresses_.b4, second_port_);
    return fd.ok() && support::send_all(fd->get(), data + std::string(20'000'000 - 8, 'x')) &&
           support::receive_exactly(fd->get(), 1);
  });
  ASSERT_TRUE(sent);
  EXPECT_GT(measurement.count("server", "tcp_probe"), 20u);
}

}  // namespace
}  // namespace rtt::bpf_test
