#include "passive/sampling_policy.h"

#include <algorithm>
#include <utility>

namespace rtt::passive {
namespace {

constexpr double kRoomAfterLowering = 0.5;  // of the limit
constexpr int kCalmPeriods = 5;
constexpr double kWorthHaving = 0.1;  // of the cost, saved by the last doubling
constexpr double kMoreLoad = 1.5;     // as much cost at the same interval

}  // namespace

std::uint32_t SamplingPolicy::next(double share) {
  const double before = std::exchange(share_before_raise_, 0);
  // The next doubling saves at most half of what the last one did.
  if (before > 0 && before - share < kWorthHaving * share) share_not_to_help_ = share * kMoreLoad;
  if (share > max_share_) {
    calm_periods_ = 0;
    if (share > share_not_to_help_) raise(share);
  } else {
    lower(share);
  }
  return interval_;
}

void SamplingPolicy::raise(double share) {
  if (interval_ == kMaxInterval) return;
  share_before_raise_ = share;
  for (; share > max_share_ && interval_ < kMaxInterval; share /= 2) interval_ *= 2;
}

// With half of the interval the programs cost at most twice as much.
void SamplingPolicy::lower(double share) {
  std::uint32_t enough = interval_;
  for (; enough > 1 && share * 2 <= kRoomAfterLowering * max_share_; share *= 2) enough /= 2;
  lowest_enough_ = calm_periods_ == 0 ? enough : std::max(lowest_enough_, enough);
  calm_periods_ = enough < interval_ ? calm_periods_ + 1 : 0;
  if (calm_periods_ < kCalmPeriods) return;
  interval_ = lowest_enough_;
  share_not_to_help_ = 0;
  calm_periods_ = 0;
}

}  // namespace rtt::passive
