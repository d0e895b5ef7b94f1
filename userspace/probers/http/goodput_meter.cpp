#include "probers/http/goodput_meter.h"

namespace rtt::probers::http {

void GoodputMeter::read(base::TimePoint when, std::size_t bytes) {
  bytes_ += bytes;
  last_read_ = when;
  if (!whole_) whole_ = Window{when, bytes_};
  const bool is_steady =
      when - whole_->begin >= steady_after_.time || bytes_ >= steady_after_.bytes;
  if (!steady_ && is_steady) steady_ = Window{when, bytes_};
}

std::optional<double> GoodputMeter::rate(const std::optional<Window>& window,
                                         base::TimePoint end) const {
  if (!window || bytes_ == window->bytes_before || end - window->begin < kShortestWindow) {
    return std::nullopt;
  }
  return static_cast<double>(bytes_ - window->bytes_before) / base::to_seconds(end - window->begin);
}

metrics::HttpSeries::Goodput GoodputMeter::result(base::TimePoint end) const {
  return {rate(whole_, end), rate(steady_, end)};
}

}  // namespace rtt::probers::http
