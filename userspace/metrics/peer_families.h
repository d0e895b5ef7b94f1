// The families with one series per peer (rtt_*), rendered from one reading of each series.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "metrics/family_writer.h"
#include "metrics/series_readings.h"

namespace rtt::metrics {

struct Family {
  const char* name;
  FamilyType type;
  const char* help;
  std::size_t size = 0;  // how many series may be in it
  /// Writes the samples of one of them, which may be none.
  std::function<void(std::size_t number, FamilyWriter& writer)> write = {};
};
using Families = std::vector<Family>;

/// The readings must outlive the families.
[[nodiscard]] Families peer_families(const SeriesReadings& readings);

}  // namespace rtt::metrics
