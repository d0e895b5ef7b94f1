#include "echo_server/echo_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <string>

#include "support/wait_until.h"
#include "unit/probers/loop_thread.h"
#include "unit/probers/proc_net_tcp.h"
#include "unit/probers/tcp_peer.h"

namespace rtt::echo_server {
namespace {

using base::ListenAddress;
using std::chrono::milliseconds;
using support::TcpPeer;
using support::wait_until;
using ::testing::HasSubstr;

const base::IpAddress kLoopback = *base::IpAddress::parse("127.0.0.1");
const base::IpAddress kLoopback6 = *base::IpAddress::parse("::1");

ListenAddress listen_address(const char* text) { return *ListenAddress::parse(text); }

class EchoServerTest : public ::testing::Test {
 protected:
  ~EchoServerTest() override { stop(); }

  base::Result<std::uint16_t> start(const ListenAddress& address, Limits limits = {}) {
    return thread_.call([&]() -> base::Result<std::uint16_t> {
      auto sockets = BoundSockets::open(std::span(&address, 1));
      if (!sockets) return sockets.error();
      server_ = EchoServer::create(thread_.loop(), metrics_, *std::move(sockets), limits);
      return server_->addresses().front().port;
    });
  }
  std::uint16_t start(Limits limits = {}) { return *start(listen_address("127.0.0.1:0"), limits); }
  void stop() {
    thread_.call([this] { server_.reset(); });
  }
  [[nodiscard]] bool shows(const std::string& line) const {
    std::string text;
    metrics_.append_text(text);
    return text.find("\n" + line + "\n") != std::string::npos;
  }
  [[nodiscard]] bool comes_to_show(const std::string& line) const {
    return wait_until([&] { return shows(line); });
  }

  metrics::ExporterMetrics metrics_;
  support::LoopThread thread_;
  std::unique_ptr<EchoServer> server_;
};

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

TEST_F(EchoServerTest, WhatIsSentComesBack) {
  const TcpPeer client = TcpPeer::connect(kLoopback, start());
  client.write("hello");
  EXPECT_EQ(client.read_exactly(5), "hello");
}

TEST_F(EchoServerTest, ClientsDoNotGetEachOthersBytes) {
  const std::uint16_t port = start();
  const TcpPeer first = TcpPeer::connect(kLoopback, port);
  const TcpPeer second = TcpPeer::connect(kLoopback, port);
  first.write("first");
  second.write("other");
  EXPECT_EQ(second.read_exactly(5), "other");
  EXPECT_EQ(first.read_exactly(5), "first");
}

TEST_F(EchoServerTest, AClientThatReadsLateGetsEveryByte) {
  // Far more than the socket buffers hold, so the server has to wait for the client.
  constexpr std::size_t kSize = 24 * 1024 * 1024;
  const TcpPeer client = TcpPeer::connect(kLoopback, start(), 64 * 1024);
  const std::string sent = pattern(kSize);
  std::thread writer([&] { client.write(sent); });
  const std::string received = client.read_exactly(kSize);
  writer.join();
  EXPECT_TRUE(received == sent);  // not EXPECT_EQ, which would print 48 MiB
}

TEST_F(EchoServerTest, WhatAClientDoesNotReadIsNotReadFromItEither) {
  const TcpPeer client = TcpPeer::connect(kLoopback, start(), 4096);
  const timeval briefly{.tv_sec = 0, .tv_usec = 300'000};
  setsockopt(client.fd(), SOL_SOCKET, SO_SNDTIMEO, &briefly, sizeof briefly);
  EXPECT_FALSE(client.write(std::string(64 * 1024 * 1024, 'x')));
}

TEST_F(EchoServerTest, AnotherClientIsServedWhileOneDoesNotRead) {
  const std::uint16_t port = start();
  const TcpPeer stuck = TcpPeer::connect(kLoopback, port, 4096);
  const timeval briefly{.tv_sec = 0, .tv_usec = 300'000};
  setsockopt(stuck.fd(), SOL_SOCKET, SO_SNDTIMEO, &briefly, sizeof briefly);
  ASSERT_FALSE(stuck.write(std::string(64 * 1024 * 1024, 'x')));
  const TcpPeer client = TcpPeer::connect(kLoopback, port);
  client.write("hello");
  EXPECT_EQ(client.read_exactly(5), "hello");
}

TEST_F(EchoServerTest, AClientThatHasSentAllStillGetsItsEcho) {
  const TcpPeer client = TcpPeer::connect(kLoopback, start());
  client.write("last words");
  client.shutdown_write();
  EXPECT_EQ(client.read_exactly(10), "last words");
}

TEST_F(EchoServerTest, TheConnectionEndsAfterTheClientsEnd) {
  const TcpPeer client = TcpPeer::connect(kLoopback, start());
  client.shutdown_write();
  EXPECT_EQ(client.read_some(), "");
}

TEST_F(EchoServerTest, AClientThatResetsIsForgotten) {
  TcpPeer client = TcpPeer::connect(kLoopback, start());
  ASSERT_TRUE(comes_to_show("rtt_exporter_echo_server_connections 1"));
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.close();
  EXPECT_TRUE(comes_to_show("rtt_exporter_echo_server_connections 0"));
}

TEST_F(EchoServerTest, AnIdleClientIsDisconnected) {
  const TcpPeer client =
      TcpPeer::connect(kLoopback, start(Limits{.idle_timeout = milliseconds(50)}));
  EXPECT_EQ(client.read_some(), "");
}

TEST_F(EchoServerTest, AClientThatNeverReadsIsDisconnectedAsIdle) {
  const std::uint16_t port = start(Limits{.idle_timeout = milliseconds(300)});
  const TcpPeer client = TcpPeer::connect(kLoopback, port, 4096);
  client.write(std::string(64 * 1024 * 1024, 'x'));
  EXPECT_TRUE(comes_to_show("rtt_exporter_echo_server_connections 0"));
}

TEST_F(EchoServerTest, AClientThatKeepsTalkingIsNotIdle) {
  const TcpPeer client =
      TcpPeer::connect(kLoopback, start(Limits{.idle_timeout = milliseconds(500)}));
  const auto until = base::Clock::now() + milliseconds(1500);
  while (base::Clock::now() < until) {
    client.write("x");
    ASSERT_EQ(client.read_exactly(1), "x");
  }
}

TEST_F(EchoServerTest, AClientPastTheLimitIsDisconnected) {
  const std::uint16_t port = start(Limits{.max_connections = 1});
  const TcpPeer first = TcpPeer::connect(kLoopback, port);
  ASSERT_TRUE(comes_to_show("rtt_exporter_echo_server_connections 1"));
  const TcpPeer second = TcpPeer::connect(kLoopback, port);
  EXPECT_EQ(second.read_some(), std::nullopt);
}

TEST_F(EchoServerTest, AClientPastTheLimitIsCounted) {
  const std::uint16_t port = start(Limits{.max_connections = 0});
  const TcpPeer client = TcpPeer::connect(kLoopback, port);
  EXPECT_TRUE(
      comes_to_show("rtt_exporter_echo_server_connections_rejected_total{reason=\"limit\"} 1"));
}

TEST_F(EchoServerTest, AClientThatLeavesMakesRoom) {
  const std::uint16_t port = start(Limits{.max_connections = 1});
  TcpPeer first = TcpPeer::connect(kLoopback, port);
  ASSERT_TRUE(comes_to_show("rtt_exporter_echo_server_connections 1"));
  first.close();
  ASSERT_TRUE(comes_to_show("rtt_exporter_echo_server_connections 0"));
  const TcpPeer second = TcpPeer::connect(kLoopback, port);
  second.write("hello");
  EXPECT_EQ(second.read_exactly(5), "hello");
}

/// No descriptor above the highest open one can be had while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = dup(0);
    ::close(lowest_free);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(EchoServerTest, AClientForWhomNoDescriptorIsLeftIsDisconnectedAndCounted) {
  const std::uint16_t port = start();
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const base::SocketAddress server(kLoopback, port);
  {
    const NoDescriptors none;
    ASSERT_EQ(connect(socket.get(), server.get(), server.length), 0);
    EXPECT_EQ(TcpPeer(std::move(socket)).read_some(), std::nullopt);
  }
  EXPECT_TRUE(
      comes_to_show("rtt_exporter_echo_server_connections_rejected_total{reason=\"resources\"} 1"));
}

TEST_F(EchoServerTest, ItServesAgainWhenDescriptorsAreBack) {
  const std::uint16_t port = start();
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const base::SocketAddress server(kLoopback, port);
  {
    const NoDescriptors none;
    ASSERT_EQ(connect(socket.get(), server.get(), server.length), 0);
    ASSERT_EQ(TcpPeer(std::move(socket)).read_some(), std::nullopt);
  }
  const TcpPeer client = TcpPeer::connect(kLoopback, port);
  client.write("hello");
  EXPECT_EQ(client.read_exactly(5), "hello");
}

TEST_F(EchoServerTest, AnAddressOfNothingServesIpv4) {
  const TcpPeer client = TcpPeer::connect(kLoopback, *start(listen_address(":0")));
  client.write("hello");
  EXPECT_EQ(client.read_exactly(5), "hello");
}

TEST_F(EchoServerTest, AnAddressOfNothingServesIpv6) {
  const TcpPeer client = TcpPeer::connect(kLoopback6, *start(listen_address(":0")));
  client.write("hello");
  EXPECT_EQ(client.read_exactly(5), "hello");
}

TEST_F(EchoServerTest, AnIpv6AddressWorks) {
  const TcpPeer client = TcpPeer::connect(kLoopback6, *start(listen_address("[::1]:0")));
  client.write("hello");
  EXPECT_EQ(client.read_exactly(5), "hello");
}

TEST_F(EchoServerTest, AnAddressInUseIsAnErrorThatNamesIt) {
  const ListenAddress taken = listen_address(("127.0.0.1:" + std::to_string(start())).c_str());
  const auto second = BoundSockets::open(taken);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message,
            "the echo server cannot listen on " + taken.to_string() + ": Address already in use");
}

TEST_F(EchoServerTest, ADestroyedServerClosesItsConnections) {
  const TcpPeer client = TcpPeer::connect(kLoopback, start());
  client.write("x");
  ASSERT_EQ(client.read_exactly(1), "x");
  stop();
  EXPECT_EQ(client.read_some(), "");
}

TEST_F(EchoServerTest, ADestroyedServerLeavesNoDescriptor) {
  const auto before = support::open_descriptors();
  {
    const TcpPeer client = TcpPeer::connect(kLoopback, start());
    client.write("x");
    ASSERT_EQ(client.read_exactly(1), "x");
    stop();
  }
  EXPECT_EQ(support::open_descriptors(), before);
}

TEST_F(EchoServerTest, ItsMetricsExistFromTheStart) {
  start();
  EXPECT_TRUE(shows("rtt_exporter_echo_server_connections 0"));
  EXPECT_TRUE(shows("rtt_exporter_echo_server_connections_rejected_total{reason=\"limit\"} 0"));
  EXPECT_TRUE(shows("rtt_exporter_echo_server_connections_rejected_total{reason=\"resources\"} 0"));
}

}  // namespace
}  // namespace rtt::echo_server
