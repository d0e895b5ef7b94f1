#include "metrics/exposition.h"

#include <utility>

namespace rtt::metrics {

Exposition::Exposition(const SeriesStore& store, ExporterMetrics& exporter)
    : store_(store), exporter_(exporter) {}

void Exposition::set_collectors(std::vector<std::shared_ptr<Collector>> collectors) {
  const std::lock_guard lock(collecting_);
  collectors_.swap(collectors);
}

void Exposition::collect() {
  const std::lock_guard lock(collecting_);
  for (const auto& collector : collectors_) collector->collect();
}

std::unique_ptr<Scrape> Exposition::scrape(Format format) {
  collect();
  std::string exporter_families;
  const auto writer = create_writer(format, exporter_families);
  exporter_.write(*writer);
  writer->finish();
  SeriesReadings readings(store_.current(), last_cells_);
  last_cells_ = readings.cells.size();
  return std::make_unique<Scrape>(format, std::move(readings), std::move(exporter_families));
}

}  // namespace rtt::metrics
