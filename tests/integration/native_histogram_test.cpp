// What a real Prometheus makes of native histograms, beside classic ones and the true delay.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "integration/configuration.h"
#include "integration/prometheus_server.h"
#include "support/daemon.h"
#include "support/delay_link.h"
#include "support/tcp_service.h"
#include "support/traffic.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Direction;

constexpr std::uint16_t kPort = 7;
constexpr double kTrueDelay = 0.025;
// Of the shipped classic buckets, the one that the delay lies in.
constexpr double kClassicLower = 0.02;
constexpr double kClassicUpper = 0.03;
// How far apart the bounds of schema 3 are.
const double kNativeStep = std::exp2(1.0 / 8);

class NativeHistogramTest : public ::testing::TestWithParam<const char*> {
 protected:
  NativeHistogramTest() {
    link_.set(Direction::kAToB, {.delay = 12500us});
    link_.set(Direction::kBToA, {.delay = 12500us});
  }

  [[nodiscard]] std::string config() const {
    return "probes:\n  ping: {method: icmp, interval: 50ms, timeout: 1s}\n"
           "targets:\n  - name: far\n    hosts: [\"" +
           link_.addresses().b4 + "\"]\n    probes: [ping]\n";
  }

  [[nodiscard]] static std::string series(const std::string& name) {
    return name + "{target=\"far\",method=\"" + GetParam() + "\"}";
  }

  // Waited for until there are some scrapes to take a rate of.
  [[nodiscard]] static double value(const PrometheusServer& prometheus,
                                    const std::string& expression) {
    double value = NAN;
    EXPECT_TRUE(support::wait_until(
        [&] {
          const auto answer = prometheus.query(expression);
          if (answer.empty()) return false;
          value = std::stod(answer[0].at("value").at(1).get<std::string>());
          return !std::isnan(value);
        },
        60s, 200ms))
        << expression;
    return value;
  }

  support::Namespace here_;
  support::Namespace there_;
  support::DelayLink link_{here_, there_};
  support::TcpService echo_{there_, kPort, support::echo};
  const support::Daemon daemon_{here_, config()};
  const support::Traffic traffic_{here_, support::exchanges(link_.addresses().b4, kPort)};
};

TEST_P(NativeHistogramTest, ItsQuantileIsTheDelayAndThatOfTheClassicOne) {
  double classic = NAN;
  {
    const PrometheusServer prometheus(here_, /*native_histograms=*/false);
    classic = value(prometheus,
                    "histogram_quantile(0.5, rate(" + series("rtt_seconds_bucket") + "[1m]))");
  }
  const PrometheusServer prometheus(here_, /*native_histograms=*/true);
  const double native =
      value(prometheus, "histogram_quantile(0.5, rate(" + series("rtt_seconds") + "[1m]))");
  EXPECT_GT(classic, kClassicLower);
  EXPECT_LE(classic, kClassicUpper);
  EXPECT_GT(native, kTrueDelay / kNativeStep);
  EXPECT_LT(native, kTrueDelay * kNativeStep);
  EXPECT_NEAR(native, classic, kClassicUpper - kClassicLower);
}

TEST_P(NativeHistogramTest, ItsCountAndSumAreThoseOfTheObservations) {
  const PrometheusServer prometheus(here_, /*native_histograms=*/true);
  const std::string mean = "histogram_sum(" + series("rtt_seconds") + ") / histogram_count(" +
                           series("rtt_seconds") + ")";
  EXPECT_NEAR(value(prometheus, mean), kTrueDelay, kTrueDelay / 10);
  // Every bucket together: the fraction of all observations that lies between nothing and everything.
  EXPECT_DOUBLE_EQ(
      value(prometheus, "histogram_fraction(-Inf, +Inf, " + series("rtt_seconds") + ")"), 1);
}

INSTANTIATE_TEST_SUITE_P(Methods, NativeHistogramTest, ::testing::Values("icmp", "tcp_probe"),
                         [](const auto& info) { return std::string(info.param); });

TEST(NativeHistogramsOfOneScrape, AgreeWithTheLedger) {
  const support::Namespace here;
  const support::Daemon daemon(here, "");
  const PrometheusServer prometheus(here, /*native_histograms=*/true);
  const std::string difference =
      "histogram_count(rtt_seconds{method=\"icmp\"}) - ignoring(__name__) "
      "rtt_probes_replied_total{method=\"icmp\"}";
  ASSERT_TRUE(support::wait_until(
      [&] {
        return !prometheus.query("rtt_probes_replied_total{method=\"icmp\"} > 3").empty() &&
               !prometheus.query(difference).empty();
      },
      60s, 200ms));
  for (const auto& sample : prometheus.query_range(difference)) {
    for (const auto& point : sample.at("values")) EXPECT_EQ(point.at(1), "0") << sample.dump();
  }
}

}  // namespace
}  // namespace rtt::integration
