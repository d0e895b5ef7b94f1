// Measuring anew what a stall of this machine can disturb.
#pragma once

namespace rtt::support {

/// The first measurement that agrees, or the last one of `times`. A stall of the machine is not in every one of them;
/// what measures wrongly is wrong every time. Not for counts: those are right at once or wrong.
template <typename Measure, typename Agrees>
[[nodiscard]] auto measure_until(Measure&& measure, Agrees&& agrees, int times = 10) {
  auto result = measure();
  for (int i = 1; i < times && !agrees(result); ++i) result = measure();
  return result;
}

}  // namespace rtt::support
