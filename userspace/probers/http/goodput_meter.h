// The goodput of one download from the reads of its body.
//
// What the first read of a window brings was on its way before it: a window's bytes are those after it. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "metrics/http_series.h"
#include "probers/http/options.h"

namespace rtt::probers::http {

class GoodputMeter {
 public:
  /// A shorter window has no value: a wake-up that is a millisecond late would be a tenth of it.
  static constexpr base::nanoseconds kShortestWindow = std::chrono::milliseconds(10);

  explicit GoodputMeter(const SteadyAfter& steady_after) : steady_after_(steady_after) {}

  void read(base::TimePoint when, std::size_t bytes);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] base::TimePoint last_read() const { return last_read_; }
  /// Until `end`: the last read, or the time limit if nothing more came before it.
  [[nodiscard]] metrics::HttpSeries::Goodput result(base::TimePoint end) const;

 private:
  struct Window {
    base::TimePoint begin;
    std::uint64_t bytes_before = 0;
  };
  [[nodiscard]] std::optional<double> rate(const std::optional<Window>& window,
                                           base::TimePoint end) const;

  const SteadyAfter steady_after_;
  std::uint64_t bytes_ = 0;
  base::TimePoint last_read_{};
  std::optional<Window> whole_;
  std::optional<Window> steady_;
};

}  // namespace rtt::probers::http
