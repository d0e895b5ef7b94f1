// Measures on request, for /probe: a bounded burst of probes per request, on a thread, a loop and
// engines of its own, so that the standing probes never wait for it.
//
// configure(), stop() and the destructor are for the control thread; the rest is thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "app/configuration.h"
#include "app/probe_run.h"
#include "app/probe_worker.h"
#include "metrics/exporter_metrics.h"
#include "targets/resolver.h"
#include "web/probing.h"

namespace rtt::app {

class ProbeEndpoint final : public web::Probing {
 public:
  struct Settings {
    config::ProbeEndpoint limits;
    std::vector<config::Probe> probes;
    std::shared_ptr<const metrics::BucketGrid> grid;
    base::nanoseconds query_timeout{};  // of one query to one name server
  };
  /// Nothing: the configuration does not want it.
  [[nodiscard]] static std::optional<Settings> settings_of(const Configuration& configuration);

  /// `metrics` must outlive it. Off until configured.
  explicit ProbeEndpoint(metrics::ExporterMetrics& metrics, targets::ResolverOptions dns = {});
  ~ProbeEndpoint() override;
  ProbeEndpoint(const ProbeEndpoint&) = delete;
  ProbeEndpoint& operator=(const ProbeEndpoint&) = delete;

  /// For requests from now on. The first settings start the thread.
  void configure(std::optional<Settings> settings);
  /// Answers what is being worked on, and from now on everything at once: 503.
  void stop();

  [[nodiscard]] bool is_enabled() const override;
  void probe(const web::ProbeRequest& request, std::function<bool()> is_abandoned,
             Done done) override;

 private:
  [[nodiscard]] std::shared_ptr<const Settings> settings() const;
  // Nothing: it is being worked on; else why not.
  [[nodiscard]] std::optional<web::ProbeAnswer> submit(ProbeRun::Options options, const Done& done);
  void answer(const std::optional<web::ProbeAnswer>& result, const Done& done);

  metrics::ExporterMetrics& metrics_;
  const targets::ResolverOptions dns_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Settings> settings_;  // null: off
  std::size_t active_ = 0;
  bool stopped_ = false;
  std::unique_ptr<ProbeWorker> worker_;  // from the first settings on
};

}  // namespace rtt::app
