// Order statistics of small samples.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

namespace rtt::support {

/// The lower one of the two in the middle. Precondition: not empty.
template <typename T>
[[nodiscard]] T median(std::vector<T> values) {
  assert(!values.empty());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace rtt::support
