// The six standard process_* metrics, read from /proc/self before each scrape, and what the log lost.
#pragma once

#include <cstdint>

#include "base/unique_fd.h"
#include "metrics/exporter_metrics.h"

namespace rtt::metrics {

class ProcessMetrics final : public Collector {
 public:
  /// `metrics` must outlive the collector.
  explicit ProcessMetrics(ExporterMetrics& metrics);
  void collect() override;

 private:
  ExporterMetrics& metrics_;
  base::UniqueFd statm_;    // kept open: it must be readable also when no descriptor is left
  double cpu_seconds_ = 0;  // as of the last collection
  std::uint64_t dropped_log_lines_ = 0;  // as well
};

}  // namespace rtt::metrics
