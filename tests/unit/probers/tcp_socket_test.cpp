#include "probers/tcp_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "unit/probers/tcp_peer.h"

namespace rtt::probers {
namespace {

using support::TcpListener;
using State = ConnectOutcome::State;

const base::IpAddress kLoopback = *base::IpAddress::parse("127.0.0.1");
const base::IpAddress kLoopback6 = *base::IpAddress::parse("::1");

ConnectOutcome outcome_of(int fd) {
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  EXPECT_EQ(poll(&ready, 1, 10'000), 1);
  return connect_outcome(fd);
}

int int_option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, name, &value, &length), 0);
  return value;
}

TcpOptions options_for(std::uint16_t port) {
  TcpOptions options;
  options.port = port;
  return options;
}

ConnectResult connect_with(const TcpOptions& options, const base::IpAddress& peer = kLoopback) {
  RefusalLog refusals("tcp_connect");
  return begin_connect(peer, options, 1, refusals);
}

TEST(TcpSocket, TheDscpIsInTheUpperSixBitsOfTheIpv4Tos) {
  const TcpListener listener(kLoopback);
  TcpOptions options = options_for(listener.port());
  options.socket.dscp = 46;
  const ConnectResult result = connect_with(options);
  ASSERT_FALSE(result.failure);
  EXPECT_EQ(int_option(result.socket.get(), IPPROTO_IP, IP_TOS), 46 << 2);
}

TEST(TcpSocket, TheDscpIsInTheUpperSixBitsOfTheIpv6TrafficClass) {
  const TcpListener listener(kLoopback6);
  TcpOptions options = options_for(listener.port());
  options.socket.dscp = 46;
  const ConnectResult result = connect_with(options, kLoopback6);
  ASSERT_FALSE(result.failure);
  EXPECT_EQ(int_option(result.socket.get(), IPPROTO_IPV6, IPV6_TCLASS), 46 << 2);
}

TEST(TcpSocket, ASocketThatConnectedToItselfIsRefused) {
  const std::uint16_t port = support::unused_tcp_port();
  const base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const base::SocketAddress self(kLoopback, port);
  ASSERT_EQ(bind(socket.get(), self.get(), self.length), 0);
  if (connect(socket.get(), self.get(), self.length) != 0) {
    ASSERT_EQ(errno, EINPROGRESS);
  }
  const ConnectOutcome outcome = outcome_of(socket.get());
  EXPECT_EQ(outcome.state, State::kFailed);
  EXPECT_EQ(outcome.reason, metrics::FailureReason::kRefused);
  EXPECT_TRUE(outcome.to_itself);
}

TEST(TcpSocket, AnAttemptOnAListenerConnects) {
  const TcpListener listener(kLoopback);
  const ConnectResult result = connect_with(options_for(listener.port()));
  ASSERT_FALSE(result.failure);
  EXPECT_EQ(outcome_of(result.socket.get()).state, State::kConnected);
}

TEST(TcpSocket, APeerThatResetRightAfterTheHandshakeIsStillConnected) {
  const TcpListener listener(kLoopback);
  const ConnectResult result = connect_with(options_for(listener.port()));
  ASSERT_FALSE(result.failure);
  {
    const support::TcpPeer peer = listener.accept();
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(peer.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  pollfd hung_up{.fd = result.socket.get(), .events = 0, .revents = 0};
  ASSERT_EQ(poll(&hung_up, 1, 10'000), 1);
  const ConnectOutcome outcome = connect_outcome(result.socket.get());
  EXPECT_EQ(outcome.state, State::kConnected);
  EXPECT_GT(outcome.handshake_rtt.count(), 0);
}

TEST(TcpSocket, ANewConnectionHasRepairedNothing) {
  const TcpListener listener(kLoopback);
  const ConnectResult result = connect_with(options_for(listener.port()));
  ASSERT_FALSE(result.failure);
  ASSERT_EQ(outcome_of(result.socket.get()).state, State::kConnected);
  EXPECT_EQ(read_tcp_repairs(result.socket.get()), TcpRepairs{});
}

TEST(TcpSocket, AnAddressWithoutARouteFailsAtOnce) {
  // A multicast address cannot be connected to by TCP.
  const ConnectResult result = connect_with(options_for(9), *base::IpAddress::parse("224.0.0.1"));
  EXPECT_EQ(result.failure, metrics::FailureReason::kNoRoute);
}

}  // namespace
}  // namespace rtt::probers
