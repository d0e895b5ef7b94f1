// Whether a series of measurements is flat.
#pragma once

#include <vector>

namespace rtt::support {

struct Trend {
  double early = 0;  // median of the first third
  double late = 0;   // median of the last third

  [[nodiscard]] double growth() const { return late - early; }
};

/// Of values at even distances. Medians of thirds, because single values may lie anywhere: a reload that was under
/// way, an arena that the allocator took. What leaks grows by two thirds of all that was leaked while the values
/// were taken. Precondition: at least 3 values.
[[nodiscard]] Trend trend_of(const std::vector<double>& values);

}  // namespace rtt::support
