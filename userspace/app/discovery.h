// What finds peers while the program runs: file_sd files, names whose addresses are peers, and the
// addresses that this host talks to.
//
// Only finds: what it means for the targets is targets/expansion.h, and the core plans anew. Lives
// on the control loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/passive_peers.h"
#include "base/event_loop.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "targets/expansion.h"
#include "targets/file_discovery.h"
#include "targets/resolver.h"

namespace rtt::app {

class Discovery {
 public:
  struct Callbacks {
    /// found() is not what it was.
    std::function<void()> on_change;
    /// What was sent to whom since the last call, the busiest first, without addresses that are
    /// peers otherwise. Nothing: tcp_info does not run.
    std::function<std::optional<std::vector<passive::ActiveRemote>>()> take_busiest;
  };

  /// `loop` and `metrics` must outlive it.
  Discovery(base::EventLoop& loop, metrics::ExporterMetrics& metrics, Callbacks callbacks);

  /// From now on looks for what this configuration wants; what is found already and wanted still
  /// stays. Files are read before it returns. Calls back nothing.
  void configure(const config::Config& config);
  [[nodiscard]] targets::Discovered found(const targets::Resolver& resolver);

  /// To be resolved.
  [[nodiscard]] const std::unordered_set<std::string>& dns_names() const { return dns_names_; }
  void on_addresses(const std::string& name);
  void on_lookup_failure(const std::string& name);
  /// How many peers of each source are in force.
  void show(const targets::Expansion& expansion);

 private:
  void look_at_traffic();
  void count_error(const char* source, double count);

  metrics::ExporterMetrics& metrics_;
  const Callbacks callbacks_;
  std::unique_ptr<targets::FileDiscovery> files_;
  std::vector<std::string> patterns_;
  std::unordered_set<std::string> dns_names_;
  std::optional<config::PassivePeers> wanted_passive_;
  PassivePeers passive_peers_;
  base::Timer look_;
};

}  // namespace rtt::app
