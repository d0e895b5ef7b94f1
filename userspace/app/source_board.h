// Which sources of observations deliver, and why the others do not: said once in the log, shown on
// the page and in rtt_source_up. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metrics/exporter_metrics.h"
#include "web/server.h"

namespace rtt::app {

class SourceBoard {
 public:
  /// `metrics` must outlive the board.
  explicit SourceBoard(metrics::ExporterMetrics& metrics) : metrics_(metrics) {}

  /// `reason`: why the source is off; nothing: it delivers. Logs changes only.
  void set(const std::string& source, std::optional<std::string> reason);
  /// The source is no longer configured.
  void remove(const std::string& source);
  [[nodiscard]] std::vector<web::Backend::Source> sources() const;

 private:
  metrics::ExporterMetrics& metrics_;
  mutable std::mutex mutex_;
  std::map<std::string, std::optional<std::string>> reasons_;
};

}  // namespace rtt::app
