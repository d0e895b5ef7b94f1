// /probe as Prometheus uses it: what it measures, what it refuses, and whom it leaves alone.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <future>

#include "integration/configuration.h"
#include "integration/prometheus_server.h"
#include "support/daemon.h"
#include "support/delay_link.h"
#include "support/repeat.h"
#include "support/scrape_rules.h"
#include "support/socket.h"
#include "support/tcp_service.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Direction;
using support::HttpResponse;
using support::Scrape;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint16_t kPort = 7;
constexpr nanoseconds kRoundTrip = 20ms;
constexpr int kProbes = 10;

class ProbeEndpointTest : public ::testing::Test {
 protected:
  ProbeEndpointTest() { link_.set_both({.delay = kRoundTrip / 2}); }

  [[nodiscard]] std::string peer() const { return link_.addresses().b4; }

  // With a standing probe of the peer, and further text.
  [[nodiscard]] std::string config(const std::string& endpoint) const {
    return histogram_around({kRoundTrip}, 50us, 10, 80) + passive(false, false) +
           (endpoint.empty() ? "" : "probe_endpoint: " + endpoint + "\n") +
           "probes:\n"
           "  ping: {method: icmp, interval: 100ms, timeout: 10s}\n"
           "  connect: {method: tcp_connect, port: 7, interval: 100ms, timeout: 10s}\n"
           "  echo: {method: tcp_echo, port: 7, interval: 100ms, timeout: 10s}\n"
           "targets:\n  - {name: standing, hosts: [" +
           peer() + "], probes: [ping]}\n";
  }
  [[nodiscard]] std::string allowed(const std::string& more = "") const {
    return "{networks: [" + peer() + "/32]" + more + "}";
  }

  [[nodiscard]] HttpResponse probe(const std::string& target, const std::string& module,
                                   const std::string& headers = "") const {
    const auto response = support::fetch({.where = &here_,
                                          .path = "/probe?target=" + target + "&module=" + module,
                                          .headers = headers,
                                          .timeout = 60s});
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : HttpResponse();
  }
  // Of an answer that must be a measurement.
  static Scrape measured(const HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    auto scrape = Scrape::parse(response.body);
    EXPECT_TRUE(scrape) << scrape.error().message;
    if (!scrape) return {};
    EXPECT_THAT(support::broken_rules(*scrape), IsEmpty());
    EXPECT_EQ(scrape->sum("rtt_probes_in_flight"), 0);
    return std::move(*scrape);
  }
  // A request that is sent and whose answer nobody has read.
  [[nodiscard]] base::UniqueFd send_request(const std::string& module) const {
    const std::string request =
        "GET /probe?target=" + peer() + "&module=" + module + " HTTP/1.1\r\nHost: x\r\n\r\n";
    return here_.run([&] {
      auto fd = support::connect_tcp("127.0.0.1", 10049);
      EXPECT_TRUE(fd && support::send_all(fd->get(), request));
      return fd ? std::move(*fd) : base::UniqueFd();
    });
  }
  [[nodiscard]] bool was_sent_to(const std::string& address) const {
    return std::ranges::any_of(link_.passages(), [&](const support::Passage& passage) {
      return passage.direction == Direction::kAToB &&
             passage.packet.destination == base::IpAddress::parse(address) &&
             (passage.packet.is_tcp() || passage.packet.is_echo_request());
    });
  }
  [[nodiscard]] static double requests(const Daemon& daemon, const std::string& outcome) {
    return daemon.scrape()
        .value("rtt_exporter_probe_requests_total", {{"outcome", outcome}})
        .value_or(-1);
  }

  support::Namespace here_;
  support::Namespace there_;
  support::DelayLink link_{here_, there_};
  support::TcpService echo_{there_, kPort, support::echo};
};

class ProbeEndpointMethod : public ProbeEndpointTest,
                            public ::testing::WithParamInterface<const char*> {};

TEST_P(ProbeEndpointMethod, MeasuresTheDelayOfTheLink) {
  const Daemon daemon(here_, config(allowed()));
  const double median = support::measure_until(
      [&] {
        const Scrape scrape = measured(probe(peer(), GetParam()));
        EXPECT_EQ(scrape.value("rtt_probes_sent_total", {{"target", "probe"}, {"peer", peer()}}),
                  kProbes);
        const auto histogram = scrape.histogram("rtt_seconds");
        EXPECT_TRUE(histogram) << "more or less than one series";
        if (!histogram) return std::nan("");
        EXPECT_EQ(histogram->count, scrape.sum("rtt_probes_replied_total"));
        return histogram->count == kProbes ? histogram->median().value_or(NAN) : std::nan("");
      },
      [](double seconds) { return std::abs(seconds - 0.020) < 0.001; });
  EXPECT_NEAR(median, 0.020, 0.001);
}

INSTANTIATE_TEST_SUITE_P(Methods, ProbeEndpointMethod, ::testing::Values("ping", "connect", "echo"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(ProbeEndpointTest, IsOffByDefault) {
  const Daemon daemon(here_, config(""));
  EXPECT_EQ(probe(peer(), "ping").status, 404);
  EXPECT_THAT(daemon.scrape().samples("rtt_exporter_probe_requests_total"), IsEmpty());
}

TEST_F(ProbeEndpointTest, SendsNothingOutsideOfItsNetworks) {
  const std::string outside = link_.addresses().b6;
  const Daemon daemon(here_, config(allowed()));
  for (const char* module : {"ping", "connect", "echo"}) {
    EXPECT_EQ(probe(outside, module).status, 403);
  }
  EXPECT_EQ(requests(daemon, "forbidden"), 3);
  // What would have been sent would have been before this.
  (void)measured(probe(peer(), "ping"));
  EXPECT_TRUE(was_sent_to(peer()));
  EXPECT_FALSE(was_sent_to(outside));
}

TEST_F(ProbeEndpointTest, AnswersWithinTheScrapeTimeoutThoughThePeerIsDead) {
  const Daemon daemon(here_, config(allowed()));
  link_.set_both({.loss = 1});
  const auto time = support::measure_until(
      [&] {
        const auto begin = base::Clock::now();
        const auto response = probe(peer(), "ping", "X-Prometheus-Scrape-Timeout-Seconds: 1\r\n");
        const auto elapsed = base::Clock::now() - begin;
        EXPECT_EQ(measured(response).value("rtt_probe_up"), 0);
        return elapsed;
      },
      [](nanoseconds elapsed) { return elapsed < 1s; });
  EXPECT_LT(time, 1s);
}

TEST_F(ProbeEndpointTest, RefusesWhatIsPastItsLimit) {
  const Daemon daemon(here_, config(allowed(", max_concurrent: 4")));
  link_.set_both({.loss = 1});
  std::vector<std::future<HttpResponse>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(std::async(std::launch::async, [this] { return probe(peer(), "connect"); }));
  }
  int measurements = 0;
  int refusals = 0;
  for (auto& answer : answers) {
    const HttpResponse response = answer.get();
    measurements += response.status == 200 ? 1 : 0;
    refusals += response.status == 503 ? 1 : 0;
  }
  EXPECT_EQ(measurements, 4);
  EXPECT_EQ(refusals, 16);
  EXPECT_EQ(requests(daemon, "unavailable"), 16);
}

TEST_F(ProbeEndpointTest, DoesNotDisturbTheStandingProbes) {
  const Daemon daemon(here_, config(allowed(", probes: 100")));
  const auto disturbed = [](const Scrape& scrape) {
    return scrape.sum("rtt_probes_lost_total") + scrape.sum("rtt_probes_failed_total");
  };
  const Scrape before = daemon.scrape();
  const double missed = support::measure_until(
      [&] {
        const double earlier =
            daemon.scrape().value("rtt_exporter_probe_starts_missed_total").value_or(NAN);
        std::vector<std::future<void>> requests;
        for (int i = 0; i < 6; ++i) {
          requests.push_back(std::async(std::launch::async, [this] {
            for (const char* module : {"ping", "connect", "echo"}) {
              (void)measured(probe(peer(), module, "X-Prometheus-Scrape-Timeout-Seconds: 1\r\n"));
            }
          }));
        }
        for (auto& request : requests) request.get();
        return daemon.scrape().value("rtt_exporter_probe_starts_missed_total").value_or(NAN) -
               earlier;
      },
      [](double count) { return count == 0; });
  const Scrape after = daemon.scrape();
  EXPECT_EQ(missed, 0);
  EXPECT_EQ(disturbed(after), disturbed(before));
  EXPECT_GT(after.sum("rtt_probes_replied_total"), before.sum("rtt_probes_replied_total"));
}

TEST_F(ProbeEndpointTest, LeavesNoTraceInTheStandingMetrics) {
  const Daemon daemon(here_, config(allowed()));
  (void)measured(probe(peer(), "connect"));
  const Scrape scrape = daemon.scrape();
  EXPECT_THAT(scrape.samples("rtt_probes_sent_total", {{"target", "probe"}}), IsEmpty());
  EXPECT_EQ(scrape.value("rtt_exporter_series"), 1);
  EXPECT_EQ(requests(daemon, "answered"), 1);
}

TEST_F(ProbeEndpointTest, AReloadSwitchesItOffAndOnAndLetsABurstEnd) {
  const Daemon daemon(here_, config(allowed()));
  link_.set_both({.loss = 1});
  auto under_way = std::async(std::launch::async, [this] { return probe(peer(), "connect"); });
  ASSERT_TRUE(support::wait_until([this] {
    return std::ranges::any_of(link_.passages(),
                               [](const auto& passage) { return passage.packet.is_tcp(); });
  }));
  daemon.write_config(config(""));
  ASSERT_EQ(daemon.reload().status, 200);
  EXPECT_EQ(probe(peer(), "ping").status, 404);
  EXPECT_EQ(measured(under_way.get()).sum("rtt_probes_sent_total"), kProbes);
  link_.set_both({});
  daemon.write_config(config(allowed()));
  ASSERT_EQ(daemon.reload().status, 200);
  EXPECT_EQ(probe(peer(), "ping").status, 200);
}

TEST_F(ProbeEndpointTest, EndsABurstWhoseClientHasGone) {
  const Daemon daemon(here_, config(allowed()));
  link_.set_both({.loss = 1});
  (void)send_request("echo");
  EXPECT_TRUE(support::wait_until([&] { return requests(daemon, "abandoned") == 1; }));
}

TEST_F(ProbeEndpointTest, StopsWithinTwoSecondsWithBurstsUnderWay) {
  Daemon daemon(here_, config(allowed()));
  link_.set_both({.loss = 1});
  std::vector<base::UniqueFd> clients;
  for (const char* module : {"ping", "connect", "echo"}) clients.push_back(send_request(module));
  ASSERT_TRUE(support::wait_until([this] {
    return std::ranges::count_if(link_.passages(),
                                 [](const auto& passage) { return passage.packet.is_tcp(); }) > 2;
  }));
  EXPECT_EQ(daemon.stop(2s), 0);
}

TEST_F(ProbeEndpointTest, IsScrapedByPrometheusThroughRelabelling) {
  const Daemon daemon(here_, config(allowed(", probes: 3")));
  const PrometheusServer prometheus(here_, R"(
  - job_name: rtt_probe
    metrics_path: /probe
    params: {module: [ping]}
    static_configs: [{targets: [")" + peer() + R"("]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "127.0.0.1:10049"}
)");
  const std::string count = "rtt_seconds_count{job=\"rtt_probe\",instance=\"" + peer() +
                            "\",peer=\"" + peer() + "\",method=\"icmp\"} == 3";
  EXPECT_TRUE(support::wait_until([&] { return !prometheus.query(count).empty(); }, 60s, 200ms));
  EXPECT_FALSE(prometheus.query("rtt_probe_up{job=\"rtt_probe\"} == 1").empty());
}

}  // namespace
}  // namespace rtt::integration
