#include "support/trend.h"

#include <cassert>

#include "support/statistics.h"

namespace rtt::support {

Trend trend_of(const std::vector<double>& values) {
  assert(values.size() >= 3);
  const auto third = static_cast<std::ptrdiff_t>(values.size() / 3);
  return {.early = median(std::vector(values.begin(), values.begin() + third)),
          .late = median(std::vector(values.end() - third, values.end()))};
}

}  // namespace rtt::support
