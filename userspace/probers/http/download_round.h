// Some downloads at once from one peer, each over a new connection of its own, from different sources or interfaces.
//
// Each gives one value for each window (goodput_meter.h), or is counted as lost or failed. Lives on the probe loop.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "metrics/http_series.h"
#include "probers/http/goodput_meter.h"
#include "probers/http/transfer.h"

namespace rtt::probers::http {

class DownloadRound {
 public:
  struct Settings {
    const DownloadOptions& options;
    const StatusSet& valid_status;
    const Request& request;
    metrics::HttpSeries& series;
  };
  /// `on_over`: once, when the last one is; may destroy the round. All must outlive it.
  DownloadRound(Multi& multi, RefusalLog& refusals, Settings settings,
                std::function<void()> on_over);
  /// Those that run count as failed, reason "cancelled".
  ~DownloadRound();
  DownloadRound(const DownloadRound&) = delete;
  DownloadRound& operator=(const DownloadRound&) = delete;

  /// Starts them all. `common`: address, port and socket options. `first`: which source and interface the first one
  /// takes.
  void start(const Transfer::Plan& common, std::size_t first);

 private:
  struct Download {
    explicit Download(const SteadyAfter& steady_after) : meter(steady_after) {}
    GoodputMeter meter;
    std::unique_ptr<Transfer> transfer;
  };
  using Downloads = std::list<Download>;

  void start_one(Transfer::Plan plan, std::size_t number);
  void on_end(Downloads::iterator download, const Ended& ended);
  void count(const GoodputMeter& meter, const Ended& ended);

  Multi& multi_;
  RefusalLog& refusals_;
  const Settings settings_;
  const std::function<void()> on_over_;
  Downloads downloads_;
};

}  // namespace rtt::probers::http
