// How many events the BPF programs have to leave out to stay within a share of one CPU: a pure function of
// what they cost.
//
// Raised at once, by as much as the cost is too high; lowered by half after ten calm periods in a row in which
// twice the cost would still be well within the limit. So it does not swing with a load that stays.
#pragma once

#include <cstdint>

namespace rtt::passive {

class SamplingPolicy {
 public:
  /// Past it a sample stands for so many events that it says little about them; and what a run costs that
  /// leaves its event out stays anyway.
  static constexpr std::uint32_t kMaxInterval = 1024;

  /// `share`: of one CPU, above 0.
  void set_max_cpu_share(double share) { max_share_ = share; }

  /// `share`: what the programs cost in the period that ended, in shares of one CPU. Returns the interval
  /// for the next one: one event in so many counts; a power of two.
  [[nodiscard]] std::uint32_t next(double share);

 private:
  double max_share_ = 1;
  std::uint32_t interval_ = 1;
  int calm_periods_ = 0;
};

}  // namespace rtt::passive
