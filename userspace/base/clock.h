// The clocks: monotonic for every interval and timeout, real time only beside kernel packet
// timestamps.
#pragma once

#include <chrono>
#include <ctime>

namespace rtt::base {

using std::chrono::nanoseconds;

/// CLOCK_MONOTONIC; what timers, deadlines and the kernel's TCP send times run on.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

[[nodiscard]] constexpr double to_seconds(nanoseconds value) {
  return std::chrono::duration<double>(value).count();
}

[[nodiscard]] constexpr nanoseconds to_nanoseconds(const timespec& value) {
  return std::chrono::seconds(value.tv_sec) + nanoseconds(value.tv_nsec);
}

}  // namespace rtt::base
