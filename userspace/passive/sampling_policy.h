// How many events the BPF programs have to leave out to stay within a share of one CPU: a pure function of
// what they cost.
//
// What an event costs that is left out stays, whatever the interval. So the interval is raised only as long as
// that helps, and lowered as soon as the programs would surely stay within the limit with the lower one.
#pragma once

#include <cstdint>

namespace rtt::passive {

class SamplingPolicy {
 public:
  /// Past it a sample stands for so many events that it says little about them.
  static constexpr std::uint32_t kMaxInterval = 1024;

  /// `share`: of one CPU, above 0.
  void set_max_cpu_share(double share) { max_share_ = share; }

  /// `share`: what the programs cost in the period that ended, in shares of one CPU. Returns the interval
  /// for the next one: one acknowledgement in so many counts; a power of two.
  [[nodiscard]] std::uint32_t next(double share);

 private:
  void raise(double share);
  void lower(double share);

  double max_share_ = 1;
  std::uint32_t interval_ = 1;
  double share_before_raise_ = 0;    // 0: the interval was not raised in the last period
  double share_not_to_help_ = 0;     // up to it a higher interval saves nothing worth having
  std::uint32_t lowest_enough_ = 1;  // in all of the calm periods
  int calm_periods_ = 0;
};

}  // namespace rtt::passive
