// The method tcp_probe against a witness: what tcpdump saw of the same traffic.
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "integration/configuration.h"
#include "support/ack_rtt.h"
#include "support/capture.h"
#include "support/daemon.h"
#include "support/delay_link.h"
#include "support/repeat.h"
#include "support/socket.h"
#include "support/statistics.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using base::to_seconds;
using support::Capture;
using support::connect_tcp;
using support::Daemon;
using support::exchange;
using support::median;
using support::Namespace;
using support::Scrape;
using support::TcpService;

constexpr std::uint16_t kEchoPort = 7;
constexpr std::uint16_t kSinkPort = 9;
constexpr double kTolerance = 3e-6;

// Every kind of traffic ends with an answer to all that was sent, so that nothing is in flight when
// it closes.
void exchange_often(const std::string& host, int count) {
  const auto fd = connect_tcp(host, kEchoPort);
  ASSERT_TRUE(fd.ok()) << fd.error().message;
  for (int i = 0; i < count; ++i) ASSERT_TRUE(exchange(fd->get(), "ping"));
}

// On 100 connections at once, by turns.
void exchange_on_many(const std::string& host) {
  std::vector<base::UniqueFd> connections;
  for (int i = 0; i < 100; ++i) {
    auto fd = connect_tcp(host, kEchoPort);
    ASSERT_TRUE(fd.ok()) << fd.error().message;
    connections.push_back(std::move(*fd));
  }
  for (int turn = 0; turn < 30; ++turn) {
    for (const auto& fd : connections) ASSERT_TRUE(exchange(fd.get(), "ping"));
  }
}

// A paced segment leaves some microseconds after the time that the kernel notes for it, because a
// timer wakes a cold path; without pacing it leaves at once, in answer to an ACK.
void send_bulk(const std::string& host, std::size_t bytes) {
  const auto fd = connect_tcp(host, kSinkPort, 60s);
  ASSERT_TRUE(fd.ok()) << fd.error().message;
  // Little in flight, so that the sender mostly sleeps: while it holds the socket, ACKs are merged.
  const int little = 32 * 1024;
  ASSERT_EQ(::setsockopt(fd->get(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little), 0);
  const std::string_view unpaced = "cubic";
  ASSERT_EQ(::setsockopt(fd->get(), IPPROTO_TCP, TCP_CONGESTION, unpaced.data(), unpaced.size()),
            0);
  ASSERT_TRUE(support::send_all(fd->get(), support::size_message(bytes)));
  ASSERT_TRUE(support::send_all(fd->get(), std::string(bytes - 8, 'x')));
  ASSERT_TRUE(support::receive_exactly(fd->get(), 1));
}

struct Agreement {
  double captured = 0;
  double counted = 0;
  double named_misses = 0;  // what the kernel and the program themselves say about the difference
  double captured_median = NAN;
  double counted_median = NAN;
};

class PassiveCaptureTest : public ::testing::Test {
 protected:
  using Send = std::function<void(const std::string& host)>;

  struct Path {
    std::string device;
    std::string from;
    std::string to;
  };

  // Runs the traffic twice: the first says where the buckets must be fine, the second is compared.
  Agreement measure(const Path& path, nanoseconds bucket_width, const Send& send) {
    const auto first = capture_rtts(path, send);
    EXPECT_FALSE(first.empty());
    if (first.empty()) return {};
    const int below =
        static_cast<int>(std::min<std::int64_t>(30, median(first) / bucket_width - 1));
    const Daemon daemon(here_, histogram_around({median(first)}, bucket_width, below, 99 - below) +
                                   "targets:\n  - name: far\n    networks: [\"" + path.to +
                                   (path.to.find(':') == std::string::npos ? "/32" : "/128") +
                                   "\"]\n");
    const double named_before = named_misses(daemon.scrape());
    const auto captured = capture_rtts(path, send);
    const Scrape scrape = daemon.scrape();
    const auto counted =
        scrape.histogram("rtt_seconds", {{"target", "far"}, {"method", "tcp_probe"}});
    EXPECT_TRUE(counted && !captured.empty());
    if (!counted || captured.empty()) return {};
    return {.captured = static_cast<double>(captured.size()),
            .counted = counted->count,
            .named_misses = named_misses(scrape) - named_before,
            .captured_median = to_seconds(median(captured)),
            .counted_median = counted->median().value_or(NAN)};
  }

  void expect_agreement(const Path& path, nanoseconds bucket_width, const Send& send) {
    const Agreement result = support::measure_until(
        [&] {
          const Agreement measured = measure(path, bucket_width, send);
          expect_equal_counts(measured);
          return measured;
        },
        [](const Agreement& measured) {
          return std::abs(measured.counted_median - measured.captured_median) <= kTolerance;
        });
    EXPECT_NEAR(result.counted_median, result.captured_median, kTolerance);
  }

  static void expect_equal_counts(const Agreement& result) {
    EXPECT_LE(result.counted, result.captured);
    EXPECT_GE(result.counted + result.named_misses, result.captured);
    RecordProperty("captured", std::to_string(result.captured));
    RecordProperty("counted", std::to_string(result.counted));
    RecordProperty("named_misses", std::to_string(result.named_misses));
    RecordProperty("captured_median_us", std::to_string(result.captured_median * 1e6));
    RecordProperty("counted_median_us", std::to_string(result.counted_median * 1e6));
  }

  Namespace here_;
  Namespace there_;

 private:
  std::vector<nanoseconds> capture_rtts(const Path& path, const Send& send) {
    Capture capture(here_, path.device, path.to);
    here_.run([&] { send(path.to); });
    std::vector<nanoseconds> rtts;
    for (const auto& sample : ack_rtts(capture.finish(), *base::IpAddress::parse(path.from))) {
      rtts.push_back(sample.rtt);
    }
    return rtts;
  }

  // ACKs that the kernel merged while the socket was busy; events that BPF did not get; samples that
  // the program refused for a reason that a capture does not know. Karn's rule it knows: to count what
  // the program refused by it as well would excuse losses.
  double named_misses(const Scrape& scrape) const {
    const support::LabelSet program = {{"program", "tcp_probe"}};
    return std::stod(here_.command(
               {"sh", "-c", "nstat -asz TcpExtTCPBacklogCoalesce | awk '/Coalesce/ {print $2}'"})) +
           scrape.sum("rtt_exporter_bpf_missed_runs_total", program) +
           scrape.sum("rtt_exporter_bpf_samples_dropped_total", program) -
           scrape.sum("rtt_exporter_bpf_samples_dropped_total",
                      {{"program", "tcp_probe"}, {"reason", "retransmitted"}});
  }

  TcpService echo_{there_, kEchoPort, support::echo};
  TcpService sink_{there_, kSinkPort, support::sink};
};

class OverVeth : public PassiveCaptureTest {
 protected:
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  const Path v4_{"veth0", link_.a4, link_.b4};
  const Path v6_{"veth0", link_.a6, link_.b6};
};

TEST_F(OverVeth, RequestResponseAgrees) {
  expect_agreement(v4_, 1us, [](const std::string& host) { exchange_often(host, 3000); });
}

TEST_F(OverVeth, RequestResponseOverIpv6Agrees) {
  expect_agreement(v6_, 1us, [](const std::string& host) { exchange_often(host, 3000); });
}

TEST_F(OverVeth, ManyConnectionsAgree) { expect_agreement(v4_, 1us, exchange_on_many); }

TEST_F(OverVeth, BulkAgrees) {
  expect_agreement(v4_, 1us, [](const std::string& host) { send_bulk(host, 100'000'000); });
}

class OverDelayLink : public PassiveCaptureTest {
 protected:
  support::DelayLink link_{here_, there_};
  const Path v4_{"link0", link_.addresses().a4, link_.addresses().b4};
};

TEST_F(OverDelayLink, LossyRequestResponseAgrees) {
  link_.set_both({.loss = 0.01});
  expect_agreement(v4_, 1us, [](const std::string& host) { exchange_often(host, 500); });
}

TEST_F(OverDelayLink, LossyBulkAgrees) {
  link_.set_both({.delay = 1ms, .loss = 0.01});
  expect_agreement(v4_, 3us, [](const std::string& host) { send_bulk(host, 4'000'000); });
}

// Held packets make two clusters of round trips 0.5 ms apart, and which of them has the median is chance: so
// only the count is compared.
TEST_F(OverDelayLink, ReorderedBulkAgreesInItsCount) {
  link_.set_both({.delay = 1ms, .reorder = 0.05, .reorder_hold = 500us});
  expect_equal_counts(
      measure(v4_, 3us, [](const std::string& host) { send_bulk(host, 4'000'000); }));
}

}  // namespace
}  // namespace rtt::integration
