// The protobuf format: io.prometheus.client.MetricFamily, each after its length, histograms with classic and native
// buckets.
//
// Wraps libprotobuf. A family reaches `out` when it ends, because its length comes first; one without samples is left
// out.
#pragma once

#include <memory>

#include "metrics/family_writer.h"

namespace rtt::metrics {

class ProtobufWriter final : public FamilyWriter {
 public:
  explicit ProtobufWriter(std::string& out);
  ~ProtobufWriter() override;

  void begin_family(std::string_view name, FamilyType type, std::string_view help) override;
  void end_family() override;
  void finish() override {}
  void sample(const SeriesKey& key, double value) override;
  void sample(const SeriesKey& key, std::uint64_t value) override;
  void sample(const SeriesKey& key, const Label& extra, std::uint64_t value) override;
  void histogram(const SeriesKey& key, const BucketGrid& grid, const HistogramReading& reading,
                 std::span<const CellCount> cells) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::metrics
