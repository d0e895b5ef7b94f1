// Waiting for a condition instead of for a time.
#pragma once

#include <chrono>
#include <thread>

#include "support/patience.h"

namespace rtt::support {

/// Asks until the answer is true or the timeout has passed (patience.h); returns the last answer.
template <typename Condition>
[[nodiscard]] bool wait_until(Condition&& condition,
                              std::chrono::nanoseconds timeout = std::chrono::seconds(10),
                              std::chrono::nanoseconds pause = std::chrono::milliseconds(5)) {
  const auto deadline = std::chrono::steady_clock::now() + timeout * patience();
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return condition();
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace rtt::support
