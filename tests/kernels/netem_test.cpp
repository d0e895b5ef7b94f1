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

using Medians = std::map<std::string, double>;

constexpr const char* kMethods[] = {"icmp", "tcp_connect", "tcp_echo",      "udp_echo",
                                    "http", "tcp_probe",   "tcp_handshake", "tcp_info"};
// netem lets nothing through before its time. The width of a bucket is what is not known of a median.
constexpr double kEarly = 0.00025;
// Software emulation, and whatever else the machine beneath has to do.
constexpr double kLate = 0.010;
constexpr double kEnough = 20;  // observations for a median

class NetemTest : public KernelTest {
 protected:
  static HistogramSample histogram(const Scrape& scrape, const std::string& method) {
    return scrape.histogram("rtt_seconds", {{"target", "far"}, {"method", method}})
        .value_or(HistogramSample());
  }

  static Medians next_medians(const Daemon& daemon) {
    const Scrape before = daemon.scrape();
    const auto grown = [&](const Scrape& now) {
      return std::ranges::all_of(kMethods, [&](const char* method) {
        return histogram(now, method).count >= histogram(before, method).count + kEnough;
      });
    };
    const Scrape after = daemon.scrape_until(grown, 2min);
    Medians result;
    for (const char* method : kMethods) {
      const HistogramSample window = histogram(after, method).since(histogram(before, method));
      result[method] = window.median().value_or(NAN);
    }
    return result;
  }

  static bool is_delay(double measured, double delay) {
    return measured >= delay - kEarly && measured <= delay + kLate;
  }

  // A smoothed round trip follows a change over dozens of samples, hence several windows.
  static void expect_every_method_measures(const Daemon& daemon, milliseconds delay) {
    const double expected = base::to_seconds(delay);
    const Medians medians = support::measure_until(
        [&] { return next_medians(daemon); },
        [&](const Medians& found) {
          return std::ranges::all_of(
              found, [&](const auto& one) { return is_delay(one.second, expected); });
        });
    for (const auto& [method, median] : medians) {
      EXPECT_PRED2(is_delay, median, expected) << method;
      std::cout << "netem " << delay.count() << " ms: " << method << ' ' << std::fixed
                << std::setprecision(2) << median * 1000 << " ms\n";
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
