// Runs the active probes of the configuration: engines, probers and their schedule.
//
// Lives on the probe loop: constructor, destructor and every call happen there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
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
  std::vector<base::IpAddress> addresses;  // of the host; none: not known yet
  bool all_addresses = false;              // probe each of them, not only the first
};

class ProbeRunner {
 public:
  /// Told once per method that is used: no reason means that it works.
  using OnMethod =
      std::function<void(const std::string& method, std::optional<std::string> reason)>;

  /// `loop` and `metrics` must outlive the runner.
  ProbeRunner(base::EventLoop& loop, metrics::ExporterMetrics& metrics, OnMethod on_method);

  /// Replaces what is measured, in portions, so that other work of the loop fits between them and
  /// no probe is late: every planned probe once through plan(), in any number of calls, then
  /// drop_unplanned() until it returns false. A probe whose series and options are the same goes on
  /// undisturbed, with its probes in flight; others start or end.
  void plan(std::span<const PlannedProbe> probes);
  /// Ends what was not planned since it last returned false, at most `most`; whether there is more.
  [[nodiscard]] bool drop_unplanned(std::size_t most);
  /// The addresses that a host has from now on. Each address that stays is probed on undisturbed.
  void set_addresses(const std::string& host, const std::vector<base::IpAddress>& addresses);

 private:
  // One per address. What has no address (yet, or of the wanted family) has one without.
  struct Running {
    std::optional<base::IpAddress> address;
    std::unique_ptr<Prober> prober;
    Scheduler::Task task;
  };
  struct Planned {
    std::string host;
    config::Probe probe;
    std::shared_ptr<metrics::ProbeSeries> series;
    bool all_addresses = false;
    std::uint64_t round = 0;  // the last one that planned it
    std::vector<Running> running;
  };
  using PlannedProbes = std::unordered_map<const metrics::ProbeSeries*, Planned>;

  [[nodiscard]] Engine* engine(const std::string& method);
  void plan_one(const PlannedProbe& wanted);
  void drop(const metrics::ProbeSeries* series);
  void readdress(Planned& planned, const std::vector<base::IpAddress>& addresses);
  [[nodiscard]] Running start(const Planned& planned);
  void flush();

  base::EventLoop& loop_;
  metrics::ExporterMetrics& metrics_;
  OnMethod on_method_;
  std::map<std::string, std::unique_ptr<Engine>> engines_;  // null: does not work on this host
  Scheduler scheduler_;
  PlannedProbes planned_;
  std::unordered_multimap<std::string, Planned*> by_host_;  // those of planned_
  std::uint64_t round_ = 0;
  std::optional<std::vector<const metrics::ProbeSeries*>> unplanned_;  // while they are dropped
};

}  // namespace rtt::probers
