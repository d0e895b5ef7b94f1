// One request to /probe being carried out: resolves, checks whether that may be probed, sends the
// burst.
//
// Lives on the endpoint's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/probe_query.h"
#include "base/event_loop.h"
#include "metrics/bucket_grid.h"
#include "probers/burst.h"
#include "probers/method_table.h"
#include "targets/dns_channel.h"
#include "targets/resolver.h"
#include "web/probing.h"

namespace rtt::app {

class ProbeRun {
 public:
  struct Options {
    ProbeQuery query;
    base::TimePoint deadline;
    config::ProbeEndpoint limits;
    std::shared_ptr<const metrics::BucketGrid> grid;
    std::function<bool()> is_abandoned;
    targets::ResolverOptions dns;
  };
  /// Of a method; error: why this host cannot run it. It outlives the run.
  using FindEngine = std::function<base::Result<probers::Engine*>(const probers::Method& method)>;
  /// Called once, on the loop, not before the constructor has returned; nothing: the client has gone. May
  /// destroy the run.
  using OnEnd = std::function<void(std::optional<web::ProbeAnswer>)>;

  /// `loop` must outlive it.
  ProbeRun(base::EventLoop& loop, Options options, FindEngine find_engine, OnEnd on_end);
  /// Ends probes in flight.
  ~ProbeRun() = default;
  ProbeRun(const ProbeRun&) = delete;
  ProbeRun& operator=(const ProbeRun&) = delete;

 private:
  void look_up();
  void begin();
  void start_burst(std::optional<base::IpAddress> address);
  void watch_client();
  // The last thing to do in any function: this object may be gone afterwards.
  void refuse(int status, std::string why);
  void end(std::optional<web::ProbeAnswer> answer);

  base::EventLoop& loop_;
  const Options options_;
  const FindEngine find_engine_;
  const OnEnd on_end_;
  std::vector<base::IpAddress> addresses_;
  std::unique_ptr<targets::DnsChannel> dns_;
  base::Timer begin_;
  base::Timer client_;
  std::unique_ptr<probers::Burst> burst_;
};

}  // namespace rtt::app
