#include "passive/sampling_policy.h"

namespace rtt::passive {
namespace {

constexpr double kCalmShareOfLimit = 0.4;
constexpr int kCalmPeriods = 10;

}  // namespace

std::uint32_t SamplingPolicy::next(double share) {
  calm_periods_ = share < kCalmShareOfLimit * max_share_ ? calm_periods_ + 1 : 0;
  for (; share > max_share_ && interval_ < kMaxInterval; share /= 2) interval_ *= 2;
  if (calm_periods_ < kCalmPeriods) return interval_;
  calm_periods_ = 0;
  if (interval_ > 1) interval_ /= 2;
  return interval_;
}

}  // namespace rtt::passive
