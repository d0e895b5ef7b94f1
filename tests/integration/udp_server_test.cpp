// The echo server over UDP between namespaces: nobody is answered who did not ask, and nothing goes
// round.
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <string>

#include "echo_server/echo_server.h"
#include "echo_server/repeat_guard.h"
#include "integration/udp_bed.h"
#include "support/delay_link.h"

namespace rtt::probers::udp_echo {
namespace {

using support::DelayLink;
using support::IpPacket;

/// The echo server of a host.
class Server {
 public:
  Server(const Namespace& where, std::uint16_t port) {
    where.run([&] { thread_ = std::make_unique<support::LoopThread>(); });
    thread_->call([&] {
      const base::ListenAddress everywhere{.address = std::nullopt, .port = port};
      auto sockets = echo_server::BoundSockets::open(std::span(&everywhere, 1));
      if (!sockets) throw support::SetupError(sockets.error().message);
      server_ = echo_server::EchoServer::create(thread_->loop(), metrics_, *std::move(sockets));
    });
  }
  ~Server() {
    thread_->call([this] { server_.reset(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// How many were not answered for this reason.
  [[nodiscard]] double dropped(const std::string& reason) const {
    const std::string sample =
        "\nrtt_exporter_echo_server_datagrams_dropped_total{reason=\"" + reason + "\"} ";
    std::string text;
    metrics_.append_text(text);
    const auto at = text.find(sample);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + sample.size()));
  }
  [[nodiscard]] bool comes_to_drop(const std::string& reason, int count) const {
    return wait_until([&] { return dropped(reason) == count; });
  }

 private:
  metrics::ExporterMetrics metrics_;
  std::unique_ptr<support::LoopThread> thread_;
  std::unique_ptr<echo_server::EchoServer> server_;
};

TEST_F(UdpTest, OurProberAndOurServerUnderstandEachOther) {
  const Server server(far_, kPort);
  for (const std::string& address : {link_.b4, link_.b6}) {
    Probers probers(near_, {address}, {.payload_bytes = 1400, .source_ports = 8});
    for (int i = 0; i < 16; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 16U);
    EXPECT_TRUE(probers.kernel_timestamps_come());
  }
}

TEST_F(UdpTest, ThousandsOfPeersProbedAtOnceLoseNothing) {
  const Server server(far_, kPort);
  Probers probers(near_, std::vector<std::string>(5000, link_.b4));
  probers.probe_and_finish();
  for (std::size_t i = 0; i < probers.size(); ++i) ASSERT_EQ(probers.ledger(i).replied, 1U) << i;
}

TEST_F(UdpTest, TheServerAnswersFromTheAddressThatWasAsked) {
  far_.command({"ip", "addr", "add", "192.0.2.66", "dev", "lo"});
  near_.command({"ip", "route", "add", "192.0.2.66", "via", link_.b4});
  const Server server(far_, kPort);
  Probers probers(near_, {"192.0.2.66"});
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().replied, 1U);
}

TEST_F(UdpTest, ALinkLocalAddressIsAnswered) {
  const Server server(far_, kPort);
  const base::UniqueFd client = near_.run([] { return support::udp_socket(0); });
  const std::string output =
      far_.command({"ip", "-6", "-o", "addr", "show", "dev", "veth0", "scope", "link"});
  const std::size_t at = output.find("fe80");
  ASSERT_NE(at, std::string::npos) << output;
  sockaddr_in6 to = support::mapped_address(
      *base::IpAddress::parse(output.substr(at, output.find('/', at) - at)), kPort);
  to.sin6_scope_id = near_.run([] { return if_nametoindex("veth0"); });
  // Neither end uses its address before it has looked for duplicates.
  EXPECT_TRUE(wait_until([&] {
    char answer[16];
    (void)sendto(client.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return recv(client.get(), answer, sizeof answer, MSG_DONTWAIT) == 5;
  }));
}

class SentToMany : public UdpTest {
 protected:
  // The interface may not be quite up yet: until one arrives.
  void expect_not_answered(const std::string& address) {
    const Server server(far_, kPort);
    const base::IpAddress to = *base::IpAddress::parse(address);
    const base::UniqueFd client = near_.run([&to] {
      base::UniqueFd fd(socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
      const int on = 1;
      setsockopt(fd.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
      setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, "veth0", 5);
      return fd;
    });
    const base::SocketAddress where(to, kPort);
    EXPECT_TRUE(wait_until([&] {
      (void)sendto(client.get(), "hello", 5, 0, where.get(), where.length);
      return server.dropped("destination") > 0;
    })) << address;
    char answer[16];
    EXPECT_LT(recv(client.get(), answer, sizeof answer, MSG_DONTWAIT), 0);
  }
};

TEST_F(SentToMany, ABroadcastIsNotAnswered) { expect_not_answered("255.255.255.255"); }

TEST_F(SentToMany, ABroadcastOfTheSubnetIsNotAnswered) {
  in_addr last = base::IpAddress::parse(link_.b4)->to_in_addr();
  last.s_addr |= htonl(3);  // of the /30
  expect_not_answered(base::IpAddress(last).to_string());
}

TEST_F(SentToMany, AMulticastIsNotAnswered) { expect_not_answered("ff02::1"); }

// One datagram whose source is not its sender.
class ForgedSource : public testing::Test {
 protected:
  // A datagram as if `from_port` of the far host had sent it to `to_port` of the near one.
  void forge(std::uint16_t from_port, std::uint16_t to_port) {
    far_.run([&] {
      const base::UniqueFd raw(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP));
      Bytes bytes(sizeof(udphdr));
      const udphdr header{.source = htons(from_port),
                          .dest = htons(to_port),
                          .len = htons(sizeof header + 5),
                          .check = 0};
      std::memcpy(bytes.data(), &header, sizeof header);
      bytes.insert(bytes.end(), {'h', 'e', 'l', 'l', 'o'});
      const base::SocketAddress to(*base::IpAddress::parse(link_.addresses().a4), 0);
      EXPECT_EQ(sendto(raw.get(), bytes.data(), bytes.size(), 0, to.get(), to.length),
                static_cast<ssize_t>(bytes.size()));
    });
  }
  // Datagrams that crossed the link until none does for a while that is long beside a round.
  std::size_t crossed() {
    std::size_t before = 0;
    const auto quiet = [&] {
      const std::size_t now = datagrams();
      const bool same = now > 0 && now == before;
      before = now;
      return same;
    };
    EXPECT_TRUE(wait_until(quiet, 20s, 500ms)) << "it goes round for ever";
    return before;
  }
  std::size_t datagrams() const {
    std::size_t count = 0;
    for (const auto& passage : link_.passages()) count += passage.packet.is_udp() ? 1 : 0;
    return count;
  }

  Namespace near_;
  Namespace far_;
  DelayLink link_{near_, far_};
};

TEST_F(ForgedSource, OfAnotherServerOnTheSamePortIsNotAnswered) {
  const Server one(near_, kPort);
  const Server other(far_, kPort);
  forge(kPort, kPort);
  EXPECT_TRUE(one.comes_to_drop("source_port", 1));
  EXPECT_EQ(crossed(), 1U);
}

TEST_F(ForgedSource, OfAnotherServerOnAHigherPortEndsAtThatOne) {
  const Server one(near_, kPort);
  const Server other(far_, kPort + 1);
  forge(kPort + 1, kPort);
  EXPECT_TRUE(other.comes_to_drop("source_port", 1));
  EXPECT_EQ(crossed(), 2U);
}

TEST_F(ForgedSource, OfAPlainEchoServiceIsNotAnswered) {
  const Server one(near_, kPort);
  const UdpService plain(far_, 7, support::echo_datagram);
  forge(7, kPort);
  EXPECT_TRUE(one.comes_to_drop("source_port", 1));
  EXPECT_EQ(crossed(), 1U);
}

TEST_F(ForgedSource, OfAPlainEchoServiceOnAHighPortGoesRoundAFewTimes) {
  const Server one(near_, kPort);
  const UdpService plain(far_, 20000, support::echo_datagram);
  forge(20000, kPort);
  EXPECT_TRUE(one.comes_to_drop("repeated", 1));
  EXPECT_EQ(crossed(), 2U * echo_server::RepeatGuard::kRun - 1);
}

}  // namespace
}  // namespace rtt::probers::udp_echo
