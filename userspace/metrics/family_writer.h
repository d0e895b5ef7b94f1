// Writes metric families in one of the formats that Prometheus reads.
//
// A family is begin_family(), its samples, end_family(); one after the other, then finish(). Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "metrics/histogram.h"

namespace rtt::metrics {

enum class Format {
  kText,         // Prometheus text format 0.0.4
  kOpenMetrics,  // OpenMetrics 1.0
  kProtobuf,  // io.prometheus.client.MetricFamily, each after its length; the only one with native buckets
};

enum class FamilyType { kCounter, kGauge, kHistogram };

using WallTime = std::chrono::system_clock::time_point;

/// What a series is called in every family that it is in.
struct SeriesKey {
  std::string_view labels;  // ready-made (label_text.h); may be empty, but not for a histogram
  WallTime created;         // when its counters and histograms began
};

struct Label {
  std::string_view name;
  std::string_view value;
};

class FamilyWriter {
 public:
  virtual ~FamilyWriter() = default;

  /// `name` and `help` must live until end_family(). A counter's name ends in _total.
  virtual void begin_family(std::string_view name, FamilyType type, std::string_view help) = 0;
  virtual void end_family() = 0;
  /// After the last family.
  virtual void finish() = 0;

  /// Of counters and gauges.
  virtual void sample(const SeriesKey& key, double value) = 0;
  virtual void sample(const SeriesKey& key, std::uint64_t value) = 0;
  /// With one more label, such as {"reason", "refused"}; its value needs no escaping.
  virtual void sample(const SeriesKey& key, const Label& extra, std::uint64_t value) = 0;
  /// `cells` are those of the reading. Every histogram of one writer has the same grid.
  virtual void histogram(const SeriesKey& key, const BucketGrid& grid,
                         const HistogramReading& reading, std::span<const CellCount> cells) = 0;

 protected:
  FamilyWriter() = default;
  FamilyWriter(const FamilyWriter&) = delete;
  FamilyWriter& operator=(const FamilyWriter&) = delete;
};

/// Appends to `out`, which must outlive the writer and may be emptied between samples.
[[nodiscard]] std::unique_ptr<FamilyWriter> create_writer(Format format, std::string& out);

/// What a family measures in by its name: "seconds", "bytes", or nothing.
[[nodiscard]] std::string_view unit_of(std::string_view name);

}  // namespace rtt::metrics
