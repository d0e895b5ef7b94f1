// What every kind of discovery counts its errors in, by the label `source`: file, dns, passive.
#pragma once

#include "metrics/exporter_metrics.h"

namespace rtt::targets {

inline constexpr metrics::FamilyInfo kDiscoveryErrors = {
    "rtt_exporter_discovery_errors_total",
    "Times that discovery could not read what it should find peers in; the peers found last stay."};

}  // namespace rtt::targets
