// The families that only the method "http" has.
#pragma once

#include "metrics/peer_families.h"

namespace rtt::metrics {

/// Adds them if there is a series of the method. The readings must outlive the families.
void add_http_families(const SeriesReadings& readings, Families& families);

}  // namespace rtt::metrics
