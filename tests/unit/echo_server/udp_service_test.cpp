// The echo server over UDP, on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "echo_server/echo_server.h"
#include "echo_server/repeat_guard.h"
#include "echo_server/udp_policy.h"
#include "support/wait_until.h"
#include "unit/probers/loop_thread.h"
#include "unit/probers/proc_net_tcp.h"

namespace rtt::echo_server {
namespace {

using support::wait_until;

base::IpAddress address(const char* text) { return *base::IpAddress::parse(text); }

/// A UDP socket that gives up after a few seconds instead of hanging the test.
class Client {
 public:
  explicit Client(const base::IpAddress& source, std::uint16_t port = 0)
      : socket_(::socket(source.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    const base::SocketAddress bound(source, port);
    EXPECT_EQ(bind(socket_.get(), bound.get(), bound.length), 0);
  }
  void send(const std::string& bytes, const base::IpAddress& to, std::uint16_t port) const {
    const base::SocketAddress where(to, port);
    EXPECT_EQ(sendto(socket_.get(), bytes.data(), bytes.size(), 0, where.get(), where.length),
              static_cast<ssize_t>(bytes.size()));
  }
  struct Answer {
    std::string bytes;
    std::optional<base::IpAddress> source;
  };
  [[nodiscard]] Answer receive(int flags = 0) const {
    std::string bytes(65536, '\0');
    sockaddr_storage source{};
    socklen_t length = sizeof source;
    const ssize_t size = recvfrom(socket_.get(), bytes.data(), bytes.size(), flags,
                                  reinterpret_cast<sockaddr*>(&source), &length);
    if (size < 0) return {};
    bytes.resize(static_cast<std::size_t>(size));
    return {bytes, base::IpAddress::from_sockaddr(source)};
  }
  [[nodiscard]] bool has_answer() const {
    return receive(MSG_DONTWAIT | MSG_PEEK).source.has_value();
  }

 private:
  base::UniqueFd socket_;
};

const base::IpAddress kLoopback = address("127.0.0.1");
const base::IpAddress kLoopback6 = address("::1");

class UdpServiceTest : public ::testing::Test {
 protected:
  ~UdpServiceTest() override { stop(); }

  base::Result<void> start(const std::string& listen) {
    return thread_.call([&]() -> base::Result<void> {
      const base::ListenAddress where = *base::ListenAddress::parse(listen);
      auto sockets = BoundSockets::open(std::span(&where, 1));
      if (!sockets) return sockets.error();
      server_ = EchoServer::create(thread_.loop(), metrics_, *std::move(sockets));
      return {};
    });
  }
  /// On a port below those that clients get; the first that is free.
  std::uint16_t start_on(const std::string& host) {
    for (std::uint16_t port = 20007; port < 32000; port = static_cast<std::uint16_t>(port + 101)) {
      if (start(host + ":" + std::to_string(port))) return port;
    }
    ADD_FAILURE() << "no port is free";
    return 0;
  }
  void stop() {
    thread_.call([this] { server_.reset(); });
  }
  [[nodiscard]] bool comes_to_drop(const std::string& reason, int count) const {
    return wait_until([&] {
      std::string text;
      metrics_.append_text(text);
      return text.find("\nrtt_exporter_echo_server_datagrams_dropped_total{reason=\"" + reason +
                       "\"} " + std::to_string(count) + "\n") != std::string::npos;
    });
  }

  metrics::ExporterMetrics metrics_;
  support::LoopThread thread_;
  std::unique_ptr<EchoServer> server_;
};

TEST_F(UdpServiceTest, ADatagramComesBack) {
  const std::uint16_t port = start_on("127.0.0.1");
  const Client client(kLoopback);
  client.send("hello", kLoopback, port);
  EXPECT_EQ(client.receive().bytes, "hello");
}

TEST_F(UdpServiceTest, AnEmptyDatagramComesBack) {
  const std::uint16_t port = start_on("127.0.0.1");
  const Client client(kLoopback);
  client.send("", kLoopback, port);
  EXPECT_EQ(client.receive().source, kLoopback);
}

TEST_F(UdpServiceTest, TheLongestDatagramComesBackAsItIs) {
  const std::uint16_t port = start_on("127.0.0.1");
  const Client client(kLoopback);
  const std::string longest(kMostDatagramBytes, 'x');
  client.send(longest, kLoopback, port);
  EXPECT_EQ(client.receive().bytes, longest);
}

TEST_F(UdpServiceTest, ALongerDatagramIsDroppedAndCounted) {
  const std::uint16_t port = start_on("127.0.0.1");
  const Client client(kLoopback);
  client.send(std::string(kMostDatagramBytes + 1, 'x'), kLoopback, port);
  EXPECT_TRUE(comes_to_drop("too_long", 1));
  EXPECT_FALSE(client.has_answer());
}

TEST_F(UdpServiceTest, EveryDatagramOfABurstComesBack) {
  constexpr int kBurst = 150;  // several batches, and no more than the client has room for
  const std::uint16_t port = start_on("127.0.0.1");
  const Client client(kLoopback);
  for (int i = 0; i < kBurst; ++i) client.send("number " + std::to_string(i), kLoopback, port);
  for (int i = 0; i < kBurst; ++i) {
    ASSERT_EQ(client.receive().bytes, "number " + std::to_string(i));
  }
}

TEST_F(UdpServiceTest, TheAnswerComesFromTheAddressThatWasAsked) {
  const std::uint16_t port = start_on("");
  const Client client(kLoopback);
  for (const char* asked : {"127.0.0.1", "127.0.0.2", "127.9.9.9"}) {
    client.send("hello", address(asked), port);
    EXPECT_EQ(client.receive().source, address(asked));
  }
}

TEST_F(UdpServiceTest, AnAddressOfNothingServesIpv6) {
  const std::uint16_t port = start_on("");
  const Client client(kLoopback6);
  client.send("hello", kLoopback6, port);
  EXPECT_EQ(client.receive().bytes, "hello");
}

TEST_F(UdpServiceTest, AnIpv6AddressWorks) {
  const std::uint16_t port = start_on("[::1]");
  const Client client(kLoopback6);
  client.send("hello", kLoopback6, port);
  EXPECT_EQ(client.receive().bytes, "hello");
}

TEST_F(UdpServiceTest, AClientOfALowerPortIsDroppedAndCounted) {
  const std::uint16_t port = start_on("127.0.0.1");
  const Client low(kLoopback, static_cast<std::uint16_t>(port - 1));
  low.send("hello", kLoopback, port);
  EXPECT_TRUE(comes_to_drop("source_port", 1));
  EXPECT_FALSE(low.has_answer());
}

TEST_F(UdpServiceTest, WhatIsRepeatedWithoutAPauseIsDroppedAndCounted) {
  const std::uint16_t port = start_on("127.0.0.1");
  const Client client(kLoopback);
  for (int i = 0; i < RepeatGuard::kRun; ++i) client.send("again", kLoopback, port);
  EXPECT_TRUE(comes_to_drop("repeated", 1));
}

TEST_F(UdpServiceTest, TheTcpServiceOfTheSameAddressWorks) {
  const std::uint16_t port = start_on("127.0.0.1");
  const base::UniqueFd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const base::SocketAddress where(kLoopback, port);
  EXPECT_EQ(connect(tcp.get(), where.get(), where.length), 0);
}

TEST_F(UdpServiceTest, APortThatIsTakenForUdpIsAnErrorThatNamesIt) {
  const std::uint16_t port = start_on("127.0.0.1");
  stop();
  const Client taken(kLoopback, port);
  const std::string where = "127.0.0.1:" + std::to_string(port);
  const auto second = start(where);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message,
            "the echo server cannot listen on " + where + " (UDP): Address already in use");
}

TEST_F(UdpServiceTest, ADestroyedServerLeavesNoDescriptor) {
  const auto before = support::open_descriptors();
  start_on("");
  stop();
  EXPECT_EQ(support::open_descriptors(), before);
}

TEST_F(UdpServiceTest, ItsMetricsExistFromTheStart) {
  start_on("127.0.0.1");
  for (const char* reason :
       {"source", "source_port", "destination", "too_long", "repeated", "not_sent", "overflow"}) {
    EXPECT_TRUE(comes_to_drop(reason, 0)) << reason;
  }
}

}  // namespace
}  // namespace rtt::echo_server
