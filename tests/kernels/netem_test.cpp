// All methods side by side over a link whose delay netem sets.
#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <vector>

#include "base/clock.h"
#include "kernels/kernel_bed.h"
#include "support/daemon.h"
#include "support/repeat.h"
#include "support/traffic.h"

namespace rtt::kernels_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using support::Daemon;
using support::HistogramSample;
using support::Scrape;
using support::Traffic;

using Windows = std::map<std::string, HistogramSample>;

constexpr const char* kMethods[] = {"icmp", "tcp_connect", "tcp_echo",      "udp_echo",
                                    "http", "tcp_probe",   "tcp_handshake", "tcp_info"};
// netem lets nothing through before its time. The width of a bucket is what is not known of a quantile.
constexpr double kEarly = 0.0005;
// A busy machine beneath only adds: so the fastest tenth is judged, and may be late as long as one delay is not the
// other.
constexpr double kFastest = 0.1;
constexpr double kLate = 0.022;
constexpr double kEnough = 20;  // observations

class NetemTest : public KernelTest {
 protected:
  static HistogramSample histogram(const Scrape& scrape, const std::string& method) {
    return scrape.histogram("rtt_seconds", {{"target", "far"}, {"method", method}})
        .value_or(HistogramSample());
  }

  static Windows next_windows(const Daemon& daemon) {
    const Scrape before = daemon.scrape();
    const auto grown = [&](const Scrape& now) {
      return std::ranges::all_of(kMethods, [&](const char* method) {
        return histogram(now, method).count >= histogram(before, method).count + kEnough;
      });
    };
    const Scrape after = daemon.scrape_until(grown, 2min);
    Windows result;
    for (const char* method : kMethods) {
      result[method] = histogram(after, method).since(histogram(before, method));
    }
    return result;
  }

  static bool is_delay(double measured, double delay) {
    return measured >= delay - kEarly && measured <= delay + kLate;
  }
  static double fastest(const HistogramSample& window) {
    return window.quantile(kFastest).value_or(NAN);
  }

  // A smoothed round trip follows a change over dozens of samples, hence several windows.
  static void expect_every_method_measures(const Daemon& daemon, milliseconds delay) {
    const double expected = base::to_seconds(delay);
    const Windows windows = support::measure_until(
        [&] { return next_windows(daemon); },
        [&](const Windows& found) {
          return std::ranges::all_of(
              found, [&](const auto& one) { return is_delay(fastest(one.second), expected); });
        });
    for (const auto& [method, window] : windows) {
      EXPECT_PRED2(is_delay, fastest(window), expected) << method;
      std::cout << "netem " << delay.count() << " ms: " << method << std::fixed
                << std::setprecision(2) << " fastest tenth " << fastest(window) * 1000
                << " ms, median " << window.median().value_or(NAN) * 1000 << " ms\n";
    }
  }
};

TEST_F(NetemTest, EveryMethodMeasuresTheDelayAndItsChange) {
  set_delay(20ms);
  const Daemon daemon(here_, config());
  const Traffic one(here_, support::exchanges(link_.b4, kEchoPort));
  const Traffic many(here_, support::connections(link_.b4, kEchoPort));
  expect_every_method_measures(daemon, 20ms);
  set_delay(50ms);
  expect_every_method_measures(daemon, 50ms);
}

}  // namespace
}  // namespace rtt::kernels_test
