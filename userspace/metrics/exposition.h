// The answer to a scrape.
//
// Thread-safe; scrapes in parallel collect one after another and render side by side.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/exporter_metrics.h"
#include "metrics/series_store.h"

namespace rtt::metrics {

class Exposition {
 public:
  /// Both must outlive the exposition.
  Exposition(const SeriesStore& store, ExporterMetrics& exporter);

  /// Replaces the collectors that run before every scrape. Returns when no scrape uses the old
  /// ones.
  void set_collectors(std::vector<std::shared_ptr<Collector>> collectors);

  /// Text format 0.0.4 of every family.
  [[nodiscard]] std::string text();
  /// Runs the collectors without rendering.
  void collect();

 private:
  const SeriesStore& store_;
  ExporterMetrics& exporter_;
  std::atomic<std::size_t> last_size_ = 0;  // the next response is about as long
  std::mutex collecting_;
  std::vector<std::shared_ptr<Collector>> collectors_;
};

}  // namespace rtt::metrics
