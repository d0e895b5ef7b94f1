#include "passive/inet_diag_dump.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <array>
#include <set>

#include "unit/passive/loopback_connection.h"

namespace rtt::passive {
namespace {

constexpr std::array kBothAtOnce = {DumpFamilies::kBoth};
constexpr std::array kOneByOne = {DumpFamilies::kIpv4, DumpFamilies::kIpv6};

class InetDiagDumpTest : public testing::Test {
 protected:
  // The cookies of the sockets whose remote is `remote`; nothing when the dump was not complete.
  std::optional<std::set<std::uint64_t>> dump(std::span<const DumpFamilies> requests,
                                              const base::IpAddress& remote) {
    std::set<std::uint64_t> cookies;
    bool complete = false;
    base::EventLoop loop;
    InetDiagDump dump(loop, requests,
                      {[&](const TcpSocketInfo& socket) {
                         if (socket.remote == remote) cookies.insert(socket.cookie);
                       },
                       [&](bool whole) {
                         complete = whole;
                         loop.stop();
                       },
                       [](TcpInfoProblem, unsigned) {}});
    dump.start();
    loop.run();
    if (!complete) return std::nullopt;
    return cookies;
  }

  const base::IpAddress address_ = own_address(20);
  Listener listener_{address_};
};

std::uint64_t cookie_of(const base::UniqueFd& socket) {
  std::uint64_t cookie = 0;
  socklen_t length = sizeof(cookie);
  checked(::getsockopt(socket.get(), SOL_SOCKET, SO_COOKIE, &cookie, &length), "SO_COOKIE");
  return cookie;
}

TEST_F(InetDiagDumpTest, SeesAConnectionUnderItsCookie) {
  const Connection connection = connect_to(listener_);
  const auto requests = InetDiagDump::supported_requests();
  ASSERT_TRUE(requests);
  EXPECT_EQ(dump(*requests, address_), std::set{cookie_of(connection.client)});
}

TEST_F(InetDiagDumpTest, BothWaysOfAskingSeeTheSameIpv4Connections) {
  const Connection connection = connect_to(listener_);
  EXPECT_EQ(dump(kBothAtOnce, address_), dump(kOneByOne, address_));
}

TEST_F(InetDiagDumpTest, BothWaysOfAskingSeeIpv6Connections) {
  const base::IpAddress loopback = *base::IpAddress::parse("::1");
  const Listener listener(loopback);
  const Connection connection = connect_to(listener);
  const std::uint64_t cookie = cookie_of(connection.client);
  EXPECT_TRUE(dump(kBothAtOnce, loopback).value().contains(cookie));
  EXPECT_TRUE(dump(kOneByOne, loopback).value().contains(cookie));
}

TEST_F(InetDiagDumpTest, AnAbortedDumpEndsAsIncomplete) {
  base::EventLoop loop;
  std::vector<bool> ends;
  InetDiagDump dump(loop, kBothAtOnce,
                    {[](const TcpSocketInfo&) {}, [&](bool complete) { ends.push_back(complete); },
                     [](TcpInfoProblem, unsigned) {}});
  dump.start();
  dump.abort();
  EXPECT_EQ(ends, std::vector{false});
  EXPECT_FALSE(dump.running());
}

TEST_F(InetDiagDumpTest, AfterAnAbortTheNextDumpIsCompleteAndSeesNoStrangers) {
  base::EventLoop loop;
  std::vector<bool> ends;
  unsigned problems = 0;
  InetDiagDump dump(loop, kBothAtOnce,
                    {[](const TcpSocketInfo&) {},
                     [&](bool complete) {
                       ends.push_back(complete);
                       if (complete) loop.stop();
                     },
                     [&](TcpInfoProblem, unsigned count) { problems += count; }});
  dump.start();
  dump.abort();
  dump.start();
  loop.run();
  EXPECT_EQ(ends, (std::vector{false, true}));
  EXPECT_EQ(problems, 0U);
}

TEST(InetDiagSocketTest, WithNothingSentThereIsNothingToRead) {
  auto socket = InetDiagSocket::open().value();
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(socket.receive(buffer).status, InetDiagSocket::Received::Status::kNothing);
}

TEST(InetDiagSocketTest, ADatagramLargerThanTheBufferIsTruncatedAndNotHandedOn) {
  auto socket = InetDiagSocket::open().value();
  ASSERT_TRUE(socket.send(dump_request(DumpFamilies::kIpv4, 0, {1, socket.port_id()})));
  std::vector<std::byte> buffer(8);
  const auto received = socket.receive(buffer);
  EXPECT_EQ(received.status, InetDiagSocket::Received::Status::kTruncated);
  EXPECT_TRUE(received.datagram.empty());
}

TEST(InetDiagSocketTest, WhatAnotherProcessSendsIsForeign) {
  auto socket = InetDiagSocket::open().value();
  const base::UniqueFd stranger(
      checked(::socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), "socket"));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_pid = socket.port_id();
  const char byte = 0;
  if (::sendto(stranger.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&address),
               sizeof(address)) != 1) {
    GTEST_SKIP() << "only CAP_NET_ADMIN can send such messages: nothing to defend against";
  }
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(socket.receive(buffer).status, InetDiagSocket::Received::Status::kForeign);
}

}  // namespace
}  // namespace rtt::passive
