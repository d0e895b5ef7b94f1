// What a configuration means for every part of the program, worked out before anything is changed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/series_store.h"
#include "passive/tcp_info_source.h"
#include "passive/tcp_probe_source.h"
#include "probers/probe_runner.h"
#include "targets/peer_table.h"

namespace rtt::app {

struct Plan {
  config::Config config;
  targets::PeerTable peers;
  std::shared_ptr<const metrics::SeriesSet> series;
  std::vector<bool> counted;  // per slot: its passive series fit into limits.max_series
  std::vector<passive::TcpProbeSource::SlotSeries> tcp_probe;
  std::vector<passive::TcpInfoSource::SlotSeries> tcp_info;
  std::vector<probers::PlannedProbe> probes;
  std::vector<std::string> hosts;
};

/// Series are given out in the order of the configuration, per peer its probes first, until
/// limits.max_series is reached. Those of "other" always exist.
[[nodiscard]] Plan make_plan(config::Config config, std::shared_ptr<const metrics::BucketGrid> grid,
                             const metrics::SeriesSet& previous);

}  // namespace rtt::app
