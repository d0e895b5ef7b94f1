#include "metrics/series_readings.h"

#include <utility>

namespace rtt::metrics {

SeriesReadings::SeriesReadings(std::shared_ptr<const SeriesSet> the_set, std::size_t expected_cells)
    : set(std::move(the_set)) {
  cells.reserve(expected_cells + expected_cells / 8);
  std::vector<bool> compared(set->size());
  for (const auto& [series, reference] : set->comparisons()) {
    compared[series] = compared[reference] = true;
  }
  rtts.reserve(set->size());
  probes.reserve(set->probes().size());
  for (const auto& series : set->probes()) {
    const auto reading = series->read_probe(cells, compared[rtts.size()]);
    rtts.push_back(reading.rtt);
    probes.push_back(reading.probe);
    if (const HttpSeries* beside = series->http()) http.push_back({beside, beside->read(cells)});
  }
  constexpr std::size_t kAhead = 4;
  for (std::size_t i = 0; i < set->passive().size(); ++i) {
    if (i + kAhead < set->passive().size()) set->passive()[i + kAhead]->prefetch();
    rtts.push_back(set->passive()[i]->read(cells, compared[rtts.size()]));
  }
  connections.reserve(set->connections().size());
  for (const auto& series : set->connections()) connections.push_back(series->read(cells));
}

std::size_t SeriesReadings::memory() const {
  const auto bytes = []<typename T>(const std::vector<T>& values) {
    return values.capacity() * sizeof(T);
  };
  return bytes(cells) + bytes(rtts) + bytes(probes) + bytes(connections) + bytes(http);
}

}  // namespace rtt::metrics
