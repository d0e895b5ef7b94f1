// Series that say who owns the sockets: follows the owners, and lets series go that nothing is counted for.
//
// Lives on the control loop, and as long as the core.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/plan.h"
#include "app/source_board.h"
#include "base/event_loop.h"
#include "metrics/bucket_grid.h"
#include "metrics/exporter_metrics.h"
#include "metrics/series_store.h"
#include "owners/owner_watch.h"
#include "passive/owner_series.h"

namespace rtt::app {

class OwnerTracking {
 public:
  /// All must outlive it.
  OwnerTracking(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                metrics::SeriesStore& store, SourceBoard& board);

  /// What passive sources need for this plan; nothing when it has no labels or this host no cgroups, which
  /// the board then says. Changes nothing that is in force; accept() follows, or the next prepare().
  [[nodiscard]] std::optional<passive::OwnerCounting> prepare(const Plan& plan);
  /// The plan that was prepared: its series are in force from here on. Before the sources of the last plan end,
  /// so that they find where their last counts belong.
  void accept(const Plan& plan, std::shared_ptr<const metrics::BucketGrid> grid);
  /// Who counts from here on; may be null.
  void set_source(std::shared_ptr<passive::TcpProbeSource> source) { source_ = std::move(source); }

 private:
  void start_watch(const owners::OwnerWatch::Options& wanted);
  void update(std::uint64_t cgroup, owners::Number owner);
  void expire();

  base::EventLoop& loop_;
  metrics::ExporterMetrics& metrics_;
  SourceBoard& board_;
  passive::OwnerSeries series_;
  std::shared_ptr<owners::OwnerWatch> watch_;
  std::shared_ptr<owners::OwnerWatch> next_watch_;
  std::shared_ptr<passive::TcpProbeSource> source_;
  base::nanoseconds expire_after_{0};
  std::uint64_t unknown_before_ = 0;
  base::Timer expiry_;
};

}  // namespace rtt::app
