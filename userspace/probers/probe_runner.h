// Runs the active probes of the configuration: engines, probers and their schedule.
//
// Lives on the probe loop: constructor, destructor and every call happen there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "config/config.h"
#include "metrics/series.h"
#include "probers/method_table.h"
#include "probers/prober.h"
#include "probers/scheduler.h"

namespace rtt::probers {

/// One {target, peer, method} to measure.
struct PlannedProbe {
  std::string host;  // the peer as configured
  config::Probe probe;
  std::shared_ptr<metrics::ProbeSeries> series;
  std::optional<base::IpAddress> address;  // nothing: not known yet
};

class ProbeRunner {
 public:
  /// Told once per method that is used: no reason means that it works.
  using OnMethod =
      std::function<void(const std::string& method, std::optional<std::string> reason)>;

  /// `loop` and `metrics` must outlive the runner.
  ProbeRunner(base::EventLoop& loop, metrics::ExporterMetrics& metrics, OnMethod on_method);

  /// Replaces what is measured. A probe whose series and options are the same goes on undisturbed,
  /// with its probes in flight; others start or end.
  void set_probes(const std::vector<PlannedProbe>& probes);
  /// The address that a host is probed at from now on.
  void set_address(const std::string& host, const base::IpAddress& address);

 private:
  struct Running {
    config::Probe probe;
    std::shared_ptr<metrics::ProbeSeries> series;
    std::unique_ptr<Prober> prober;
    Scheduler::Task task;
  };
  using RunningProbes = std::map<const metrics::ProbeSeries*, Running>;

  [[nodiscard]] Engine* engine(const std::string& method);
  [[nodiscard]] Running start(Engine& engine, const PlannedProbe& planned);
  void flush();

  base::EventLoop& loop_;
  metrics::ExporterMetrics& metrics_;
  OnMethod on_method_;
  std::map<std::string, std::unique_ptr<Engine>> engines_;  // null: does not work on this host
  Scheduler scheduler_;
  RunningProbes running_;
  std::unordered_multimap<std::string, Prober*> by_host_;  // those of running_
};

}  // namespace rtt::probers
