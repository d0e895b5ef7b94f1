// The families with one series per peer, rendered from one snapshot of each series.
#pragma once

#include <string>

#include "metrics/series_store.h"

namespace rtt::metrics {

/// Appends rtt_*, in the text format 0.0.4.
void append_peer_families(const SeriesSet& set, std::string& out);

}  // namespace rtt::metrics
