// The method http against nginx, over a link whose delay and rate are known.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "integration/configuration.h"
#include "integration/nginx.h"
#include "support/daemon.h"
#include "support/delay_link.h"
#include "support/repeat.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::DelayLink;
using support::Direction;
using support::HistogramSample;
using support::LabelSet;
using support::Namespace;
using support::Scrape;

constexpr double kEarly = 0.0001;  // the width of a bucket
// What the wake-ups of the link, of nginx and of the exporter may add on a virtual machine that has little of its host.
constexpr double kLate = 0.003;
constexpr double kEnough = 10;

bool is_delay(double measured, double delay) {
  return measured >= delay - kEarly && measured <= delay + kLate;
}

class HttpTest : public ::testing::Test {
 protected:
  // Every probe in one target, each with a host of its own.
  std::string config(const std::string& keys, const std::string& histogram = "") const {
    return histogram + passive(false, false) +
           "probes:\n  web:\n    method: http\n    interval: 50ms\n    timeout: 2s\n" + keys +
           "targets:\n  - name: far\n    hosts: [" + link_.addresses().b4 +
           "]\n    probes: [web]\n";
  }

  static double sum(const Scrape& scrape, const std::string& name, const LabelSet& labels = {}) {
    return scrape.sum(name, labels);
  }
  static HistogramSample histogram(const Scrape& scrape, const std::string& name,
                                   const LabelSet& labels) {
    return scrape.histogram(name, labels).value_or(HistogramSample());
  }
  static double median(const Daemon& daemon, const std::string& name, const LabelSet& labels,
                       nanoseconds expected) {
    return support::measure_until(
        [&] {
          const HistogramSample before = histogram(daemon.scrape(), name, labels);
          const Scrape after = daemon.scrape_until([&](const Scrape& scrape) {
            return histogram(scrape, name, labels).count >= before.count + kEnough;
          });
          return histogram(after, name, labels).since(before).median().value_or(NAN);
        },
        [&](double measured) { return is_delay(measured, base::to_seconds(expected)); });
  }

  Namespace here_;
  Namespace there_;
  DelayLink link_{here_, there_};
  Nginx nginx_{there_};
};

TEST_F(HttpTest, TheRttOfAKeptConnectionIsTheDelayOfTheLink) {
  link_.set_both({.delay = 10ms});
  const Daemon daemon(here_, config("", histogram_around({20ms}, 50us, 10, 80)));
  EXPECT_PRED2(is_delay, median(daemon, "rtt_seconds", {{"method", "http"}}, 20ms), 0.020);
}

TEST_F(HttpTest, TheHandshakeOfAFreshConnectionIsOneDelay) {
  link_.set_both({.delay = 10ms});
  const Daemon daemon(here_,
                      config("    connection: fresh\n", histogram_around({20ms}, 50us, 10, 80)));
  for (const char* phase : {"connect", "first_byte"}) {
    const double measured = median(daemon, "rtt_http_phase_seconds", {{"phase", phase}}, 20ms);
    EXPECT_PRED2(is_delay, measured, 0.020) << phase;
  }
}

// TLS 1.3 takes one round trip, and what both ends compute.
TEST_F(HttpTest, TheTlsHandshakeIsOneDelayAndSomeWork) {
  link_.set_both({.delay = 20ms});
  const Daemon daemon(here_, config("    connection: fresh\n    scheme: https\n    host_header: " +
                                        std::string(Nginx::kName) +
                                        "\n    tls: {ca_file: " + nginx_.ca_file() + "}\n",
                                    histogram_around({40ms}, 500us, 10, 80)));
  const LabelSet tls = {{"phase", "tls"}};
  const Scrape scrape = daemon.scrape_until([&](const Scrape& now) {
    return histogram(now, "rtt_http_phase_seconds", tls).count >= kEnough;
  });
  const double measured = histogram(scrape, "rtt_http_phase_seconds", tls).median().value_or(NAN);
  EXPECT_GE(measured, 0.0395);
  EXPECT_LT(measured, 0.080);
}

TEST_F(HttpTest, AKeptConnectionIsOneConnection) {
  const Daemon daemon(here_, config(""));
  const Scrape scrape = daemon.scrape_until(
      [](const Scrape& now) { return sum(now, "rtt_probes_replied_total") >= 20; });
  std::set<std::string> connections;
  for (const auto& request : nginx_.requests()) connections.insert(request.connection);
  EXPECT_EQ(connections.size(), 1U);
  EXPECT_EQ(sum(scrape, "rtt_http_phase_seconds_count", {{"phase", "connect"}}), 1);
}

TEST_F(HttpTest, EachFreshConnectionIsAnother) {
  const Daemon daemon(here_, config("    connection: fresh\n"));
  (void)daemon.scrape_until(
      [](const Scrape& now) { return sum(now, "rtt_probes_replied_total") >= 10; });
  std::set<std::string> connections;
  const auto requests = nginx_.requests();
  for (const auto& request : requests) connections.insert(request.connection);
  EXPECT_EQ(connections.size(), requests.size());
}

TEST_F(HttpTest, ACertificateOfAnotherAuthorityFails) {
  const Daemon daemon(here_,
                      config("    scheme: https\n    host_header: " + std::string(Nginx::kName) +
                             "\n    tls: {ca_file: " + nginx_.other_ca_file() + "}\n"));
  (void)daemon.scrape_until([](const Scrape& now) {
    return sum(now, "rtt_probes_failed_total", {{"reason", "tls"}}) >= 3;
  });
  EXPECT_TRUE(nginx_.requests().empty());
}

TEST_F(HttpTest, ACertificateForAnotherNameFails) {
  const Daemon daemon(here_, config("    scheme: https\n    tls: {ca_file: " + nginx_.ca_file() +
                                    "}\n"));  // the name is the address
  (void)daemon.scrape_until([](const Scrape& now) {
    return sum(now, "rtt_probes_failed_total", {{"reason", "tls"}}) >= 3;
  });
  EXPECT_TRUE(nginx_.requests().empty());
}

TEST_F(HttpTest, AnyCertificateWillDoWhenNoneIsVerified) {
  const Daemon daemon(here_, config("    scheme: https\n    tls: {insecure_skip_verify: true}\n"));
  (void)daemon.scrape_until(
      [](const Scrape& now) { return sum(now, "rtt_probes_replied_total") >= 3; });
}

TEST_F(HttpTest, SteadyGoodputIsTheRateOfTheLink) {
  constexpr std::uint64_t kBitsPerSecond = 16'000'000;
  link_.set(Direction::kAToB, {.delay = 50ms});
  // Room for what slow start sends too much: nothing is lost.
  link_.set(Direction::kBToA,
            {.delay = 50ms, .bits_per_second = kBitsPerSecond, .queue_bytes = 64U << 20U});
  const Daemon daemon(here_, config("    download: {path: /big, interval: 1s, max_time: 3s, "
                                    "steady_after: 1s}\n"));
  const auto goodput = [](const Scrape& scrape, const char* window) {
    return scrape.value("rtt_goodput_bytes_per_second", {{"window", window}}).value_or(NAN);
  };
  // Of the 1500 bytes of a packet, which are what the link counts, 1448 are data.
  constexpr double kExpected = kBitsPerSecond / 8.0 * 1448 / 1500;
  const Scrape scrape =
      daemon.scrape_until([&](const Scrape& now) { return goodput(now, "steady") > 0; });
  EXPECT_NEAR(goodput(scrape, "steady"), kExpected, 0.05 * kExpected);
  EXPECT_LT(goodput(scrape, "whole"), goodput(scrape, "steady"));
  EXPECT_GT(goodput(scrape, "whole"), 0.5 * kExpected);
}

TEST_F(HttpTest, WithoutDownloadsThereIsNoGoodput) {
  const Daemon daemon(here_, config(""));
  const Scrape scrape = daemon.scrape_until(
      [](const Scrape& now) { return sum(now, "rtt_probes_replied_total") >= 3; });
  EXPECT_TRUE(scrape.samples("rtt_goodput_bytes_per_second").empty());
  EXPECT_TRUE(scrape.samples("rtt_downloads_completed_total").empty());
}

TEST_F(HttpTest, ParallelDownloadsComeFromEverySource) {
  const std::string second = "198.51.100.7";
  here_.command({"ip", "address", "add", second + "/32", "dev", "link0"});
  there_.command({"ip", "route", "add", second + "/32", "dev", "link0"});
  const Daemon daemon(
      here_, config("    download: {path: /big, interval: 1s, max_bytes: 1000000, sources: [" +
                    link_.addresses().a4 + ", " + second + "], interfaces: [link0]}\n"));
  (void)daemon.scrape_until(
      [](const Scrape& now) { return sum(now, "rtt_downloads_completed_total") >= 2; });
  std::set<std::string> clients;
  for (const auto& request : nginx_.requests()) {
    if (request.path == "/big") clients.insert(request.client);
  }
  EXPECT_EQ(clients, (std::set{link_.addresses().a4, second}));
}

TEST_F(HttpTest, AReloadKeepsTheKeptConnection) {
  const std::string text = config("");
  const Daemon daemon(here_, text);
  const auto replied = [&](double count) {
    (void)daemon.scrape_until(
        [&](const Scrape& now) { return sum(now, "rtt_probes_replied_total") >= count; });
  };
  replied(3);
  daemon.write_config(text + "  - name: more\n    hosts: [192.0.2.1]\n");
  ASSERT_EQ(daemon.reload().status, 200);
  replied(10);
  std::set<std::string> connections;
  for (const auto& request : nginx_.requests()) connections.insert(request.connection);
  EXPECT_EQ(connections.size(), 1U);
}

TEST_F(HttpTest, ALinkThatLosesEverythingLosesProbesAndBringsThemBack) {
  const Daemon daemon(here_, config(""));
  (void)daemon.scrape_until(
      [](const Scrape& now) { return sum(now, "rtt_probes_replied_total") >= 3; });
  link_.set_both({.loss = 1});
  const Scrape lossy =
      daemon.scrape_until([](const Scrape& now) { return sum(now, "rtt_probes_lost_total") >= 3; });
  link_.set_both({});
  (void)daemon.scrape_until([&](const Scrape& now) {
    return sum(now, "rtt_probes_replied_total") >= sum(lossy, "rtt_probes_replied_total") + 10;
  });
}

}  // namespace
}  // namespace rtt::integration
