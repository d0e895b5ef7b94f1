// The harmonic mean of the last 16 rates.
//
// Of rates over equal amounts of data it is the rate over all of the data: one slow download counts for the time
// that it took, and one that a cache or a burst made fast does not lift the rest. Only the last ones, because a
// gauge has to follow a link that changes; 16 of them, so that one round of the most parallel downloads fits whole.
// Not thread-safe.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <numeric>
#include <optional>

namespace rtt::metrics {

class HarmonicMean {
 public:
  static constexpr std::size_t kValues = 16;

  /// Precondition: positive.
  void add(double value) {
    assert(value > 0);
    reciprocals_[next_] = 1 / value;
    next_ = (next_ + 1) % kValues;
    if (count_ < kValues) ++count_;
  }
  /// Nothing before the first value.
  [[nodiscard]] std::optional<double> value() const {
    if (count_ == 0) return std::nullopt;
    return static_cast<double>(count_) /
           std::accumulate(reciprocals_.begin(), reciprocals_.end(), 0.0);
  }

 private:
  std::array<double, kValues> reciprocals_{};
  std::size_t count_ = 0;
  std::size_t next_ = 0;
};

}  // namespace rtt::metrics
