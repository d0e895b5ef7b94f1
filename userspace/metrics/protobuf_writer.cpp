#include "metrics/protobuf_writer.h"

#include <google/protobuf/io/coded_stream.h>

#include <array>

#include "client_model.pb.h"
#include "metrics/label_text.h"
#include "metrics/native_buckets.h"

namespace rtt::metrics {
namespace {

namespace model = io::prometheus::client;
using google::protobuf::io::CodedOutputStream;

// Field `metric` of MetricFamily, a message of its own length (wire type 2).
constexpr std::uint32_t kMetricTag = model::MetricFamily::kMetricFieldNumber << 3 | 2;

model::MetricType to_model(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return model::COUNTER;
    case FamilyType::kGauge:
      return model::GAUGE;
    case FamilyType::kHistogram:
      return model::HISTOGRAM;
  }
  return model::GAUGE;
}

void append_varint(std::string& out, std::uint64_t value) {
  std::array<std::uint8_t, 10> bytes{};
  const std::uint8_t* const end = CodedOutputStream::WriteVarint64ToArray(value, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::size_t>(end - bytes.data()));
}

void set_time(WallTime time, model::Timestamp& into) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  into.set_seconds(seconds.count());
  into.set_nanos(
      static_cast<std::int32_t>(std::chrono::nanoseconds(since_epoch - seconds).count()));
}

void add_label(std::string_view name, std::string_view value, model::Metric& metric) {
  model::LabelPair& label = *metric.add_label();
  label.set_name(name.data(), name.size());
  label.set_value(value.data(), value.size());
}

void add_classic(const BucketGrid& grid, std::span<const CellCount> cells, model::Histogram& into) {
  std::uint64_t cumulative = 0;
  auto next = cells.begin();
  for (std::size_t i = 0; i < grid.classic_bounds().size(); ++i) {
    for (; next != cells.end() && next->cell < grid.classic_end(i); ++next) {
      cumulative += next->count;
    }
    model::Bucket& bucket = *into.add_bucket();
    bucket.set_cumulative_count(cumulative);
    bucket.set_upper_bound(grid.classic_bounds()[i]);
  }
}

void add_native(const BucketGrid& grid, const SparseBuckets& buckets, model::Histogram& into) {
  into.set_schema(*grid.native_schema());
  into.set_zero_threshold(grid.zero_threshold());
  into.set_zero_count(buckets.zero_count);
  for (const SparseBuckets::Span& span : buckets.spans) {
    model::BucketSpan& added = *into.add_positive_span();
    added.set_offset(span.offset);
    added.set_length(span.length);
  }
  for (const std::int64_t delta : buckets.deltas) into.add_positive_delta(delta);
}

}  // namespace

struct ProtobufWriter::Impl {
  // Sets the labels of a metric that is empty but for the memory of the last one.
  model::Metric& begin_metric(const SeriesKey& key) {
    metric.Clear();
    for (const auto& [name, value] : parse_label_text(key.labels)) add_label(name, value, metric);
    return metric;
  }
  void set_value(const SeriesKey& key, double value) {
    if (family.type() == model::COUNTER) {
      metric.mutable_counter()->set_value(value);
      set_time(key.created, *metric.mutable_counter()->mutable_created_timestamp());
    } else {
      metric.mutable_gauge()->set_value(value);
    }
  }
  void end_metric() {
    append_varint(metrics, kMetricTag);
    append_varint(metrics, metric.ByteSizeLong());
    metric.AppendToString(&metrics);
  }

  std::string& out;
  model::MetricFamily family{};  // without its metrics
  std::string metrics{};         // as they stand in the family
  model::Metric metric{};
  SparseBuckets native{};
};

ProtobufWriter::ProtobufWriter(std::string& out) : impl_(new Impl{out}) {}
ProtobufWriter::~ProtobufWriter() = default;

void ProtobufWriter::begin_family(std::string_view name, FamilyType type, std::string_view help) {
  model::MetricFamily& family = impl_->family;
  family.Clear();
  family.set_name(name.data(), name.size());
  family.set_help(help.data(), help.size());
  family.set_type(to_model(type));
  const std::string_view unit = unit_of(name);
  if (!unit.empty()) family.set_unit(unit.data(), unit.size());
}

void ProtobufWriter::end_family() {
  if (impl_->metrics.empty()) return;
  append_varint(impl_->out, impl_->family.ByteSizeLong() + impl_->metrics.size());
  impl_->family.AppendToString(&impl_->out);
  impl_->out += impl_->metrics;
  impl_->metrics.clear();
}

void ProtobufWriter::sample(const SeriesKey& key, double value) {
  impl_->begin_metric(key);
  impl_->set_value(key, value);
  impl_->end_metric();
}

void ProtobufWriter::sample(const SeriesKey& key, std::uint64_t value) {
  sample(key, static_cast<double>(value));
}

void ProtobufWriter::sample(const SeriesKey& key, const Label& extra, std::uint64_t value) {
  add_label(extra.name, extra.value, impl_->begin_metric(key));
  impl_->set_value(key, static_cast<double>(value));
  impl_->end_metric();
}

void ProtobufWriter::histogram(const SeriesKey& key, const BucketGrid& grid,
                               const HistogramReading& reading, std::span<const CellCount> cells) {
  model::Histogram& histogram = *impl_->begin_metric(key).mutable_histogram();
  histogram.set_sample_count(reading.count);
  histogram.set_sample_sum(reading.sum_seconds);
  set_time(key.created, *histogram.mutable_created_timestamp());
  add_classic(grid, cells, histogram);
  if (grid.native_schema()) {
    to_native(grid, cells, impl_->native);
    add_native(grid, impl_->native, histogram);
  }
  impl_->end_metric();
}

}  // namespace rtt::metrics
