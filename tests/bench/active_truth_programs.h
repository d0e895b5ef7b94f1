// The programs whose RTTs are compared with tcpdump's: ours, method by method, and others.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "bench/active_truth_bed.h"

namespace rtt::bench {

/// Between two probes. Short, so that tcpdump's code stays in the caches: its work on a packet that
/// leaves counts in its own round trip.
inline constexpr auto kGap = std::chrono::milliseconds(2);
/// Probes until receive timestamps are on everywhere and caches are warm.
inline constexpr std::size_t kWarmUp = 5;

/// An RTT that a program reported: that of the last exchange before it did. When, lies between two
/// times, CLOCK_REALTIME.
struct Reported {
  base::nanoseconds earliest;
  base::nanoseconds latest;
  double rtt_us;
};

[[nodiscard]] inline base::nanoseconds realtime_now() {
  return std::chrono::system_clock::now().time_since_epoch();
}
/// What was known just now.
[[nodiscard]] inline Reported reported_now(double rtt_us) {
  const base::nanoseconds now = realtime_now();
  return {now, now, rtt_us};
}

struct Reporter {
  std::string name;
  std::string executable;  // to be found in PATH; empty: always there
  Exchange kind = Exchange::kEcho;
  bool delayable = true;  // whether a program can delay the answer
  /// One exchange after the other, kGap apart where that can be chosen. Errors are thrown.
  std::function<std::vector<Reported>(const Bed&)> run;
};

[[nodiscard]] std::vector<Reporter> reporters();

}  // namespace rtt::bench
