#include "metrics/http_series.h"

#include <algorithm>
#include <cassert>

#include "metrics/label_text.h"

namespace rtt::metrics {

std::string_view to_string(HttpPhase phase) {
  constexpr std::array<std::string_view, kHttpPhaseCount> kNames = {"resolve", "connect", "tls",
                                                                    "first_byte", "transfer"};
  return kNames.at(static_cast<std::size_t>(phase));
}

std::string_view to_string(GoodputWindow window) {
  return window == GoodputWindow::kWhole ? "whole" : "steady";
}

HttpSeries::HttpSeries(const std::string& peer_labels,
                       const std::shared_ptr<const BucketGrid>& grid,
                       std::vector<FailureReason> reasons)
    : reasons_(std::move(reasons)),
      peer_labels_(peer_labels),
      histograms_(kHttpPhaseCount, Histogram(grid)) {
  phase_labels_.fill(peer_labels);
  for (std::size_t i = 0; i < kHttpPhaseCount; ++i) {
    append_label(phase_labels_.at(i), "phase", to_string(static_cast<HttpPhase>(i)));
  }
  window_labels_.fill(peer_labels);
  for (std::size_t i = 0; i < kGoodputWindowCount; ++i) {
    append_label(window_labels_.at(i), "window", to_string(static_cast<GoodputWindow>(i)));
  }
}

SeriesKey HttpSeries::key(HttpPhase phase) const {
  return {phase_labels_.at(static_cast<std::size_t>(phase)), created_};
}

SeriesKey HttpSeries::key(GoodputWindow window) const {
  return {window_labels_.at(static_cast<std::size_t>(window)), created_};
}

void HttpSeries::observe(HttpPhase phase, nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  histograms_.at(static_cast<std::size_t>(phase)).observe(std::max(duration, nanoseconds(0)));
}

void HttpSeries::expect_downloads(bool expected) {
  const std::lock_guard lock(mutex_);
  expected_ = expected;
}

void HttpSeries::download_completed(const Goodput& goodput) {
  const std::lock_guard lock(mutex_);
  ++downloads_.completed;
  for (std::size_t i = 0; i < goodput.size(); ++i) {
    if (goodput.at(i)) goodput_.at(i).add(*goodput.at(i));
  }
}

void HttpSeries::download_lost() {
  const std::lock_guard lock(mutex_);
  ++downloads_.lost;
}

void HttpSeries::download_failed(FailureReason reason) {
  assert(std::find(reasons_.begin(), reasons_.end(), reason) != reasons_.end());
  const std::lock_guard lock(mutex_);
  ++downloads_.failed.at(static_cast<std::size_t>(reason));
}

HttpSeries::Reading HttpSeries::read(std::vector<CellCount>& cells) const {
  const std::lock_guard lock(mutex_);
  Reading reading;
  for (std::size_t i = 0; i < kHttpPhaseCount; ++i) {
    reading.phases.at(i) = histograms_[i].read(cells);
  }
  if (!expected_) return reading;
  reading.downloads = downloads_;
  for (std::size_t i = 0; i < kGoodputWindowCount; ++i) {
    reading.goodput.at(i) = goodput_.at(i).value();
  }
  return reading;
}

}  // namespace rtt::metrics
