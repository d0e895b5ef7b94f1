// The six standard process_* metrics, read from /proc/self before each scrape.
#pragma once

#include "metrics/exporter_metrics.h"

namespace rtt::metrics {

class ProcessMetrics final : public Collector {
 public:
  /// `metrics` must outlive the collector.
  explicit ProcessMetrics(ExporterMetrics& metrics);
  void collect() override;

 private:
  ExporterMetrics& metrics_;
  double cpu_seconds_ = 0;  // as of the last collection
};

}  // namespace rtt::metrics
