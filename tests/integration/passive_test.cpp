// What the passive sources count of connections whose traffic is known exactly.
#include <gmock/gmock.h>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/socket.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::connect_tcp;
using support::Daemon;
using support::exchange;
using support::LabelSet;
using support::Namespace;
using support::Scrape;
using support::TcpService;

constexpr std::uint16_t kEchoPort = 7;
constexpr std::uint16_t kSinkPort = 9;
constexpr std::uint16_t kSourcePort = 19;

class PassiveTest : public ::testing::Test {
 protected:
  // Names the far end only, so that the connections' other half, seen too on this machine, is not
  // counted with them.
  std::string config() const {
    return "targets:\n  - name: far\n    networks: [" + link_.b4 + "/32, \"" + link_.b6 +
           "/128\"]\n";
  }

  static double count(const Scrape& scrape, const std::string& method, const std::string& target) {
    return scrape.sum("rtt_seconds_count", {{"target", target}, {"method", method}});
  }

  void connect_and_exchange(const std::string& host, int connections) const {
    here_.run([&] {
      for (int i = 0; i < connections; ++i) {
        const auto fd = connect_tcp(host, kEchoPort);
        ASSERT_TRUE(fd.ok()) << fd.error().message;
        ASSERT_TRUE(exchange(fd->get(), "ping"));
      }
    });
  }

  Namespace here_;
  Namespace there_;
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  TcpService echo_{there_, kEchoPort, support::echo};
};

TEST_F(PassiveTest, EachShortConnectionIsOneHandshakeAndOneExchange) {
  const Daemon daemon(here_, config());
  connect_and_exchange(link_.b4, 100);
  connect_and_exchange(link_.b6, 100);
  const Scrape scrape = daemon.scrape();
  for (const std::string& peer : {link_.b4 + "/32", link_.b6 + "/128"}) {
    for (const char* method : {"tcp_probe", "tcp_handshake"}) {
      EXPECT_EQ(scrape.value("rtt_seconds_count",
                             {{"target", "far"}, {"peer", peer}, {"method", method}}),
                100)
          << peer << " " << method;
    }
  }
}

TEST_F(PassiveTest, ObservationIsInTheNextScrapeAfterItsAck) {
  const Daemon daemon(here_, config());
  for (int done = 1; done <= 20; ++done) {
    connect_and_exchange(link_.b4, 1);
    const Scrape scrape = daemon.scrape();
    ASSERT_EQ(count(scrape, "tcp_probe", "far"), done);
    ASSERT_EQ(count(scrape, "tcp_handshake", "far"), done);
  }
}

TEST_F(PassiveTest, EachExchangeOnOneConnectionIsOneObservation) {
  const Daemon daemon(here_, config());
  here_.run([&] {
    const auto fd = connect_tcp(link_.b4, kEchoPort);
    ASSERT_TRUE(fd.ok()) << fd.error().message;
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(exchange(fd->get(), "ping"));
  });
  EXPECT_EQ(count(daemon.scrape(), "tcp_probe", "far"), 500);
}

TEST_F(PassiveTest, ConnectionsOfOtherNamespacesAreSeen) {
  const Namespace elsewhere;
  const Daemon daemon(elsewhere, config());
  connect_and_exchange(link_.b4, 10);
  EXPECT_EQ(count(daemon.scrape(), "tcp_probe", "far"), 10);
}

TEST_F(PassiveTest, ReceiverOfBulkDataAddsNearlyNothing) {
  const TcpService source(there_, kSourcePort, support::source);
  const Daemon daemon(here_, config());
  constexpr std::size_t kBytes = 50'000'000;
  here_.run([&] {
    const auto fd = connect_tcp(link_.b4, kSourcePort);
    ASSERT_TRUE(fd.ok()) << fd.error().message;
    ASSERT_TRUE(support::send_all(fd->get(), support::size_message(kBytes)));
    ASSERT_TRUE(support::receive_exactly(fd->get(), kBytes));
  });
  EXPECT_EQ(count(daemon.scrape(), "tcp_probe", "far"), 1) << "the request is all that was sent";
}

TEST_F(PassiveTest, SenderOfBulkDataAddsMany) {
  const TcpService sink(there_, kSinkPort, support::sink);
  const Daemon daemon(here_, config());
  constexpr std::size_t kBytes = 50'000'000;
  here_.run([&] {
    const auto fd = connect_tcp(link_.b4, kSinkPort);
    ASSERT_TRUE(fd.ok()) << fd.error().message;
    ASSERT_TRUE(support::send_all(fd->get(), support::size_message(kBytes)));
    ASSERT_TRUE(support::send_all(fd->get(), std::string(kBytes - 8, 'x')));
    ASSERT_TRUE(support::receive_exactly(fd->get(), 1));
  });
  EXPECT_GT(count(daemon.scrape(), "tcp_probe", "far"), 10);
}

TEST_F(PassiveTest, LocalPortNamesTheClientsOfAService) {
  const Daemon daemon(there_, "targets:\n  - name: service\n    local_ports: [7]\n");
  const double before = count(daemon.scrape(), "tcp_handshake", "service");
  connect_and_exchange(link_.b4, 10);
  // Other tests on this machine may serve the same port.
  EXPECT_GE(count(daemon.scrape(), "tcp_handshake", "service") - before, 10);
}

TEST_F(PassiveTest, EstablishedConnectionsArePolled) {
  const Daemon daemon(here_, "passive:\n  tcp_info: {interval: 100ms}\n" + config());
  const LabelSet labels = {{"target", "far"}, {"peer", link_.b4 + "/32"}};
  // What is older than the first poll has a history that is not counted.
  (void)daemon.scrape_until(
      [](const Scrape& now) { return now.sum("rtt_exporter_tcp_info_polls_total") > 0; });
  here_.run([&] {
    const auto one = connect_tcp(link_.b4, kEchoPort);
    const auto two = connect_tcp(link_.b4, kEchoPort);
    ASSERT_TRUE(one.ok() && two.ok());
    ASSERT_TRUE(exchange(one->get(), "ping") && exchange(two->get(), "ping"));
    const Scrape scrape = daemon.scrape_until(
        [&](const Scrape& now) { return now.value("rtt_tcp_connections", labels) == 2; });
    EXPECT_GE(scrape.value("rtt_tcp_segments_sent_total", labels), 2);
  });
  (void)daemon.scrape_until(
      [&](const Scrape& now) { return now.value("rtt_tcp_connections", labels) == 0; });
}

}  // namespace
}  // namespace rtt::integration
