// How long to wait before the next connection attempt: doubles with every failure, with jitter so
// that many probers do not come back at once.
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"

namespace rtt::probers::tcp_echo {

class Backoff {
 public:
  static constexpr base::nanoseconds kMin = std::chrono::milliseconds(100);
  static constexpr base::nanoseconds kMax = std::chrono::seconds(10);

  /// The pause after one more failure: half to all of the current step.
  [[nodiscard]] base::nanoseconds next() {
    const auto half = static_cast<std::uint64_t>(step_.count() / 2);
    step_ = std::min(step_ * 2, kMax);
    return base::nanoseconds(half + base::random_u64() % (half + 1));
  }
  void reset() { step_ = kMin; }

 private:
  base::nanoseconds step_ = kMin;
};

}  // namespace rtt::probers::tcp_echo
