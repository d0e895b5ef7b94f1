#include "metrics/exporter_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "metrics/label_text.h"

namespace rtt::metrics {
namespace {

constexpr FamilyInfo kSourceUp = {
    "rtt_source_up",
    "Whether a source of observations delivers (1) or this host cannot run it (0)."};

prometheus::Labels to_map(const Labels& labels) { return {labels.begin(), labels.end()}; }

std::string label_text(const std::vector<prometheus::ClientMetric::Label>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) append_label(text, name, value);
  return text;
}

}  // namespace

struct ExporterMetrics::Impl {
  // Registering a family that exists returns it, and so does adding a series.
  prometheus::Family<prometheus::Gauge>& gauges(const FamilyInfo& family) {
    return prometheus::BuildGauge()
        .Name(std::string(family.name))
        .Help(std::string(family.help))
        .Register(registry);
  }
  prometheus::Family<prometheus::Counter>& counters(const FamilyInfo& family) {
    return prometheus::BuildCounter()
        .Name(std::string(family.name))
        .Help(std::string(family.help))
        .Register(registry);
  }

  const WallTime created = std::chrono::system_clock::now();
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

ExporterMetrics::ExporterMetrics() : impl_(std::make_unique<Impl>()) {}
ExporterMetrics::~ExporterMetrics() = default;

void ExporterMetrics::set_gauge(const FamilyInfo& family, const Labels& labels, double value) {
  impl_->gauges(family).Add(to_map(labels)).Set(value);
}

void ExporterMetrics::add_counter(const FamilyInfo& family, const Labels& labels,
                                  double increment) {
  impl_->counters(family).Add(to_map(labels)).Increment(increment);
}

void ExporterMetrics::set_source_up(const std::string& source, bool up) {
  set_gauge(kSourceUp, {{"source", source}}, up ? 1 : 0);
}

void ExporterMetrics::remove_source(const std::string& source) {
  auto& sources = impl_->gauges(kSourceUp);
  sources.Remove(&sources.Add({{"source", source}}));
}

// prometheus-cpp's own serializer has one format, and takes longer for it than all peers of a small configuration.
void ExporterMetrics::write(FamilyWriter& writer) const {
  for (const prometheus::MetricFamily& family : impl_->registry.Collect()) {
    const bool counter = family.type == prometheus::MetricType::Counter;
    writer.begin_family(family.name, counter ? FamilyType::kCounter : FamilyType::kGauge,
                        family.help);
    for (const prometheus::ClientMetric& metric : family.metric) {
      writer.sample({label_text(metric.label), impl_->created},
                    counter ? metric.counter.value : metric.gauge.value);
    }
    writer.end_family();
  }
}

void ExporterMetrics::append_text(std::string& out) const {
  write(*create_writer(Format::kText, out));
}

}  // namespace rtt::metrics
