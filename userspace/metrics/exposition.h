// The answer to a scrape.
//
// Thread-safe; scrapes in parallel collect one after another and render side by side.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "metrics/exporter_metrics.h"
#include "metrics/scrape.h"
#include "metrics/series_store.h"

namespace rtt::metrics {

class Exposition {
 public:
  /// Both must outlive the exposition.
  Exposition(const SeriesStore& store, ExporterMetrics& exporter);

  /// Replaces the collectors that run before every scrape. Returns when no scrape uses the old
  /// ones.
  void set_collectors(std::vector<std::shared_ptr<Collector>> collectors);

  /// Every family as it is now.
  [[nodiscard]] std::unique_ptr<Scrape> scrape(Format format);
  /// Runs the collectors without rendering.
  void collect();

 private:
  const SeriesStore& store_;
  ExporterMetrics& exporter_;
  std::atomic<std::size_t> last_cells_ = 0;  // occupied ones; the next scrape has about as many
  std::mutex collecting_;
  std::vector<std::shared_ptr<Collector>> collectors_;
};

}  // namespace rtt::metrics
