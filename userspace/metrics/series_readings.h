// All series of a scrape as they were when it began: each is read once, under its lock, so that whatever
// is exposed of it agrees. Holds only what is not 0, a fraction of what the series take.
//
// Immutable after construction.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "metrics/series_store.h"

namespace rtt::metrics {

struct SeriesReadings {
  /// `expected_cells`: about as many as there will be, to make room for at once.
  SeriesReadings(std::shared_ptr<const SeriesSet> set, std::size_t expected_cells);

  /// Of a probed series with features().http.
  struct Http {
    const HttpSeries* series;
    HttpSeries::Reading reading;
  };

  /// Bytes, without the set.
  [[nodiscard]] std::size_t memory() const;

  std::shared_ptr<const SeriesSet> set;
  std::vector<CellCount> cells;                        // of all histograms, see HistogramReading
  std::vector<Series::Reading> rtts;                   // by SeriesSet::rtt()'s number
  std::vector<ProbeSeries::ProbeSnapshot> probes;      // of set->probes()
  std::vector<ConnectionSeries::Reading> connections;  // of set->connections()
  std::vector<Http> http;                              // of those of set->probes() that have it
};

}  // namespace rtt::metrics
