// The time of day is set, by an hour, while everything measures. Not where others live by the clock: tests/kernels/init
// allows it.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "kernels/kernel_bed.h"
#include "support/daemon.h"
#include "support/scrape_rules.h"
#include "support/traffic.h"

namespace rtt::kernels_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using std::chrono::system_clock;
using support::Daemon;
using support::LabelSet;
using support::Scrape;
using support::Traffic;

constexpr const char* kProbeMethods[] = {"icmp", "tcp_connect", "tcp_echo", "udp_echo", "http"};
constexpr const char* kByPacketTimestamps[] = {"icmp", "tcp_echo", "udp_echo"};
constexpr const char* kReloadTime = "rtt_exporter_config_last_reload_success_timestamp_seconds";
constexpr seconds kStep = 1h;
// No round trip is shorter than the first bucket or longer than the last. A negative one would be in the first.
const std::string kCoarseHistogram = "histogram: {buckets: [1e-5, 60], native_schema: null}\n";

// Puts the clock back when it ends.
class SteppedClock {
 public:
  SteppedClock() = default;
  ~SteppedClock() {
    if (ahead_ != 0s) step(-ahead_);
  }
  SteppedClock(const SteppedClock&) = delete;
  SteppedClock& operator=(const SteppedClock&) = delete;

  void step(seconds by) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += by.count();
    if (::clock_settime(CLOCK_REALTIME, &now) != 0) ADD_FAILURE() << "cannot set the clock";
    ahead_ += by;
  }

 private:
  seconds ahead_ = 0s;
};

double seconds_since_epoch() {
  return std::chrono::duration<double>(system_clock::now().time_since_epoch()).count();
}

// Delayed by several intervals of the probes, so that each method has some in flight at every moment.
class ClockTest : public KernelTest {
 protected:
  void SetUp() override {
    if (std::getenv("RTT_TEST_MAY_SET_CLOCK") == nullptr) {
      GTEST_SKIP() << "sets the clock of the machine: only where RTT_TEST_MAY_SET_CLOCK says so";
    }
    set_delay(300ms);
  }

  [[nodiscard]] std::string both_targets() const {
    return config(kCoarseHistogram) + "  - {name: traffic, hosts: [\"" + link_.b6 + "\"]}\n";
  }

  // Scrapes until each method has got `more` further replies.
  static Scrape measured(const Daemon& daemon, int more = 5) {
    const Scrape before = daemon.scrape();
    return daemon.scrape_until([&](const Scrape& now) {
      return std::ranges::all_of(kProbeMethods, [&](const char* method) {
        const LabelSet labels = {{"target", "far"}, {"method", method}};
        return now.sum("rtt_probes_replied_total", labels) >=
               before.sum("rtt_probes_replied_total", labels) + more;
      });
    });
  }

  static void expect_plausible(const Scrape& scrape) {
    for (const auto& histogram : scrape.samples("rtt_seconds_count")) {
      const auto up_to = [&](const std::string& bound) {
        LabelSet labels = histogram.labels;
        labels["le"] = bound;
        return scrape.value("rtt_seconds_bucket", labels).value();
      };
      const std::string& method = histogram.labels.at("method");
      EXPECT_EQ(histogram.value - up_to("60"), 0) << method << ": as long as the step";
      EXPECT_EQ(up_to("1e-05"), 0) << method << ": negative";
    }
  }

  // Scrapes until every probe that was in flight at the call has its reply.
  static Scrape answered(const Daemon& daemon) {
    const Scrape before = daemon.scrape();
    return daemon.scrape_until([&](const Scrape& now) {
      return std::ranges::all_of(before.samples("rtt_probes_sent_total"), [&](const auto& sent) {
        return now.sum("rtt_probes_replied_total", sent.labels) >= sent.value;
      });
    });
  }

  static double fallbacks(const Scrape& scrape, const std::string& method) {
    return scrape.sum("rtt_exporter_timestamp_fallbacks_total", {{"method", method}});
  }

  // Those that have a stamp on each side of the step are timed by the monotonic clock, later ones are not.
  static void expect_fallbacks_in_flight(const Scrape& before, const Scrape& after,
                                         const Scrape& later) {
    for (const char* method : kByPacketTimestamps) {
      EXPECT_GE(fallbacks(after, method), fallbacks(before, method) + 1) << method;
      EXPECT_EQ(fallbacks(later, method), fallbacks(after, method)) << method;
    }
  }

  SteppedClock clock_;
};

TEST_F(ClockTest, SteppedByAnHourAndBackSpoilsAndLosesNothing) {
  Daemon daemon(here_, both_targets());
  std::atomic<int> exchanges = 0;
  std::atomic<int> connections = 0;
  const auto counted = [](std::function<bool()> step, std::atomic<int>& count) {
    return [step = std::move(step), &count] { return step() && ++count > 0; };
  };
  Scrape last = measured(daemon);
  const std::string log = daemon.process().errors();
  {
    const Traffic one(here_, counted(support::exchanges(link_.b6, kEchoPort), exchanges));
    const Traffic many(here_, counted(support::connections(link_.b6, kEchoPort), connections));
    for (const seconds step : {kStep, -kStep}) {
      const Scrape before = measured(daemon);
      clock_.step(step);
      const Scrape after = answered(daemon);
      last = measured(daemon, 10);
      expect_fallbacks_in_flight(before, after, last);
      EXPECT_THAT(support::fallen(support::counts_of(before), support::counts_of(last)),
                  ::testing::IsEmpty());
    }
  }
  last = daemon.scrape();
  expect_plausible(last);
  for (const char* end : {"lost", "late", "failed"}) {
    EXPECT_EQ(last.sum(std::string("rtt_probes_") + end + "_total"), 0) << end;
  }
  EXPECT_EQ(daemon.process().errors(), log);
  EXPECT_EQ(last.sum("rtt_exporter_bpf_samples_dropped_total", {{"reason", "clock"}}), 0);
  EXPECT_EQ(count(last, "tcp_probe", link_.b6), exchanges + connections);
  EXPECT_EQ(count(last, "tcp_handshake", link_.b6), 1 + connections);
}

TEST_F(ClockTest, TimestampsAreOfTheClockAtTheirTime) {
  const Daemon daemon(here_, both_targets());
  const Scrape before = daemon.scrape();
  clock_.step(kStep);
  const Scrape stepped = daemon.scrape();
  for (const char* metric : {"process_start_time_seconds", kReloadTime}) {
    EXPECT_EQ(stepped.value(metric), before.value(metric)) << metric;
  }
  const double earliest = seconds_since_epoch();
  ASSERT_EQ(daemon.reload().status, 200);
  const double reloaded = daemon.scrape().value(kReloadTime).value();
  EXPECT_GE(reloaded, earliest);
  EXPECT_LE(reloaded, seconds_since_epoch());
}

}  // namespace
}  // namespace rtt::kernels_test
