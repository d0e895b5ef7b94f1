// Makes the kernel's receive timestamps usable for the TCP probe: switches them on for the life of the
// object, and knows how far their clock (CLOCK_REALTIME) is ahead of TCP's (CLOCK_MONOTONIC).
//
// Both clocks are slewed alike, so the difference changes only when the time is set, which timerfd(2)
// reports (TFD_TIMER_CANCEL_ON_SET). Lives on the control loop.
#pragma once

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::passive {

class ArrivalClock {
 public:
  /// Told once by create(), and then after each change. Exact to some tens of nanoseconds.
  using OnDifference = std::function<void(base::nanoseconds realtime_minus_monotonic)>;

  /// Error: which of its two descriptors this host refuses.
  [[nodiscard]] static base::Result<std::unique_ptr<ArrivalClock>> create(
      base::EventLoop& loop, OnDifference on_difference);

 private:
  ArrivalClock(OnDifference on_difference, base::UniqueFd stamps, base::UniqueFd timer);
  void arm_and_tell();

  OnDifference on_difference_;
  base::UniqueFd stamps_;  // asks for timestamps; receives nothing
  base::UniqueFd timer_;
  base::FdWatch watch_;
};

}  // namespace rtt::passive
