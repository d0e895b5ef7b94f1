// Loss is counted as loss, and the ledger balances whatever the link does to packets.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <atomic>
#include <memory>

#include "integration/configuration.h"
#include "support/daemon.h"
#include "support/delay_link.h"
#include "support/tcp_service.h"
#include "support/udp_service.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::DelayLink;
using support::Direction;
using support::Impairment;
using support::IpPacket;
using support::LabelSet;
using support::Namespace;
using support::Scrape;

constexpr std::uint16_t kPort = 7;
constexpr std::uint64_t kDrops = 10;

bool is_syn(const IpPacket& packet) {
  return packet.is_tcp() && (packet.tcp_flags & (TH_SYN | TH_ACK)) == TH_SYN;
}

// Each byte of a connection the first time: retransmissions are not losses of their own.
support::PacketMatch new_data() {
  return [next = std::make_shared<std::uint32_t>(0),
          started = std::make_shared<bool>(false)](const IpPacket& packet) {
    if (!packet.is_tcp() || packet.payload_bytes == 0) return false;
    if (*started && static_cast<std::int32_t>(packet.sequence - *next) < 0) return false;
    *started = true;
    *next = packet.sequence + static_cast<std::uint32_t>(packet.payload_bytes);
    return true;
  };
}

class LossTest : public ::testing::Test {
 protected:
  std::string config(const std::string& probe) const {
    return histogram_around({10ms}, 50us, 10, 80) + passive(false, false) +
           "probes:\n  one: " + probe + "\ntargets:\n  - name: far\n    hosts: [\"" +
           link_.addresses().b4 + "\"]\n    probes: [one]\n";
  }

  struct Loss {
    std::uint64_t probes = 0;   // that passed the link until the last drop
    std::uint64_t dropped = 0;  // of them
  };

  // Drops every tenth that matches until kDrops are gone, and no more.
  Loss lose_every_tenth(support::PacketMatch match) {
    struct Counts {
      std::atomic<std::uint64_t> seen = 0;
      std::atomic<std::uint64_t> dropped = 0;
    };
    const auto counts = std::make_shared<Counts>();
    Impairment impairment{.delay = 5ms};
    impairment.drop = [counts, match = std::move(match)](const IpPacket& packet) {
      if (counts->dropped == kDrops || !match(packet)) return false;
      if (++counts->seen % 10 != 0) return false;
      ++counts->dropped;
      return true;
    };
    link_.set(Direction::kAToB, impairment);
    EXPECT_TRUE(support::wait_until([&] { return counts->dropped == kDrops; }, 60s));
    return {.probes = counts->seen, .dropped = counts->dropped};
  }

  // A scrape in which every probe that a drop can have met is finished.
  static Scrape scrape_after(const Daemon& daemon, double further) {
    const double sent = daemon.scrape().sum("rtt_probes_sent_total");
    return daemon.scrape_until([&](const Scrape& scrape) {
      return scrape.sum("rtt_probes_sent_total") >= sent + further;
    });
  }

  // What was lost is nowhere in the histogram: as the timeout, or as the time of a late reply, it would at least
  // double the mean.
  static void expect_no_latency(const Scrape& scrape, const LabelSet& labels) {
    const auto histogram = scrape.histogram("rtt_seconds", labels);
    ASSERT_TRUE(histogram);
    EXPECT_EQ(histogram->count, scrape.value("rtt_probes_replied_total", labels));
    const double mean = histogram->sum / histogram->count;
    EXPECT_GE(mean, 0.010);
    EXPECT_LT(mean, 0.020);
  }

  Namespace here_;
  Namespace there_;
  DelayLink link_{here_, there_};
  support::TcpService echo_{there_, kPort, support::echo};
  support::UdpService udp_echo_{there_, kPort, support::echo_datagram};
};

TEST_F(LossTest, TenthOfThePingsLostIsTenPercentLost) {
  link_.set_both({.delay = 5ms});
  const Daemon daemon(here_, config("{method: icmp, interval: 20ms, timeout: 200ms}"));
  const Loss loss =
      lose_every_tenth([](const IpPacket& packet) { return packet.is_echo_request(); });
  EXPECT_EQ(loss.probes, 10 * loss.dropped);
  const Scrape scrape = scrape_after(daemon, 20);
  const LabelSet labels = {{"target", "far"}, {"method", "icmp"}};
  EXPECT_EQ(scrape.value("rtt_probes_lost_total", labels), loss.dropped);
  expect_no_latency(scrape, labels);
}

TEST_F(LossTest, TenthOfTheDatagramsLostIsTenPercentLost) {
  link_.set_both({.delay = 5ms});
  const Daemon daemon(here_, config("{method: udp_echo, port: 7, interval: 20ms, timeout: 200ms}"));
  const Loss loss = lose_every_tenth([](const IpPacket& packet) { return packet.is_udp(); });
  EXPECT_EQ(loss.probes, 10 * loss.dropped);
  const Scrape scrape = scrape_after(daemon, 20);
  const LabelSet labels = {{"target", "far"}, {"method", "udp_echo"}};
  EXPECT_EQ(scrape.value("rtt_probes_lost_total", labels), loss.dropped);
  expect_no_latency(scrape, labels);
}

TEST_F(LossTest, TenthOfTheSynsLostIsTenPercentLost) {
  link_.set_both({.delay = 5ms});
  const Daemon daemon(here_,
                      config("{method: tcp_connect, port: 7, interval: 20ms, timeout: 200ms}"));
  const Loss loss = lose_every_tenth(is_syn);
  EXPECT_EQ(loss.probes, 10 * loss.dropped);
  const Scrape scrape = scrape_after(daemon, 20);
  const LabelSet labels = {{"target", "far"}, {"method", "tcp_connect"}};
  EXPECT_EQ(scrape.value("rtt_probes_lost_total", labels), loss.dropped);
  expect_no_latency(scrape, labels);
}

TEST_F(LossTest, SynThatIsAnsweredOnlyAfterItsRetransmissionIsLost) {
  link_.set_both({.delay = 5ms});
  Impairment impairment{.delay = 5ms};
  impairment.drop = support::every_nth(2, is_syn);
  link_.set(Direction::kAToB, impairment);
  const Daemon daemon(here_,
                      config("{method: tcp_connect, port: 7, interval: 300ms, timeout: 3s}"));
  const LabelSet labels = {{"target", "far"}, {"method", "tcp_connect"}};
  const Scrape scrape = daemon.scrape_until([&](const Scrape& now) {
    return now.value("rtt_probes_lost_total", labels).value_or(0) >= 2 &&
           now.value("rtt_probes_replied_total", labels).value_or(0) >= 4;
  });
  const auto histogram = scrape.histogram("rtt_seconds", labels);
  ASSERT_TRUE(histogram);
  EXPECT_LT(histogram->sum, 0.5) << "a retransmission timer was taken for a round trip";
}

// The kernel repairs what a connection loses after 200 ms and more: past the timeout, so the probe
// is lost and its reply late. No other probe is under way then.
TEST_F(LossTest, EchoThatNeedsARetransmissionIsLostAndLate) {
  link_.set_both({.delay = 5ms});
  const Daemon daemon(here_,
                      config("{method: tcp_echo, port: 7, interval: 500ms, timeout: 150ms}"));
  const LabelSet labels = {{"target", "far"}, {"method", "tcp_echo"}};
  (void)daemon.scrape_until([&](const Scrape& scrape) {
    return scrape.value("rtt_probes_replied_total", labels).value_or(0) >= 5;
  });
  Impairment impairment{.delay = 5ms};
  impairment.drop = support::every_nth(3, new_data());
  link_.set(Direction::kAToB, impairment);
  const Scrape scrape = daemon.scrape_until([&](const Scrape& now) {
    return now.value("rtt_probes_late_total", labels).value_or(0) >= 3;
  });
  EXPECT_EQ(scrape.value("rtt_probes_lost_total", labels),
            scrape.value("rtt_probes_late_total", labels));
  EXPECT_EQ(scrape.sum("rtt_probes_failed_total", labels), 0);
  expect_no_latency(scrape, labels);
}

TEST_F(LossTest, LedgerBalancesWhilePacketsAreLostDuplicatedAndReordered) {
  link_.set_both({.delay = 2ms,
                  .jitter = 5ms,
                  .loss = 0.05,
                  .duplicate = 0.3,
                  .reorder = 0.3,
                  .reorder_hold = 60ms});
  const auto& to = link_.addresses();
  const Daemon daemon(
      here_, passive(true, true) +
                 "probes:\n"
                 "  ping: {method: icmp, interval: 10ms, timeout: 50ms}\n"
                 "  connect: {method: tcp_connect, port: 7, interval: 20ms, timeout: 50ms}\n"
                 "  echo: {method: tcp_echo, port: 7, interval: 20ms, timeout: 50ms}\n"
                 "  udp: {method: udp_echo, port: 7, interval: 20ms, timeout: 50ms, "
                 "source_ports: 4}\n"
                 "targets:\n  - name: far\n    hosts: [\"" +
                 to.b4 + "\", \"" + to.b6 + "\"]\n    probes: [ping, connect, echo, udp]\n");
  // Every scrape checks the ledger.
  const Scrape scrape = daemon.scrape_until([](const Scrape& now) {
    return now.sum("rtt_probes_sent_total", {{"method", "icmp"}}) > 500;
  });
  const LabelSet icmp = {{"method", "icmp"}};
  EXPECT_GT(scrape.sum("rtt_probes_lost_total", icmp), 0);
  EXPECT_GT(scrape.sum("rtt_probes_late_total", icmp), 0);
  EXPECT_GT(scrape.sum("rtt_probes_duplicate_total", icmp), 0);
  EXPECT_GT(scrape.sum("rtt_probes_replied_total", {{"method", "tcp_connect"}}), 0);
  EXPECT_GT(scrape.sum("rtt_probes_replied_total", {{"method", "tcp_echo"}}), 0);
  EXPECT_GT(scrape.sum("rtt_probes_replied_total", {{"method", "udp_echo"}}), 0);
}

}  // namespace
}  // namespace rtt::integration
