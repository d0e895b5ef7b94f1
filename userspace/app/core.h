// All that measures, under one configuration at a time: passive sources, active probes, name
// resolution, discovery and the series they fill.
//
// What discovery finds is planned with the configuration as if it stood there, so that peers come and
// go in one way only, that of a reload. Lives on the control loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/change_gatherer.h"
#include "app/configuration.h"
#include "app/discovery.h"
#include "app/owner_tracking.h"
#include "app/plan.h"
#include "app/probe_thread.h"
#include "app/source_board.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "echo_server/bound_sockets.h"
#include "metrics/exposition.h"
#include "metrics/process_metrics.h"
#include "passive/opener_channel.h"
#include "passive/tcp_info_source.h"
#include "passive/tcp_probe_source.h"
#include "targets/classifier.h"
#include "targets/resolver.h"

namespace rtt::app {

class Core {
 public:
  /// `loop` must outlive the core.
  explicit Core(base::EventLoop& loop);
  ~Core();

  /// To be called once, before anything else. Error: why the program cannot start.
  [[nodiscard]] base::Result<void> start(Configuration configuration,
                                         std::vector<echo_server::BoundSockets> echo_sockets);
  /// A reload: series of unchanged peers keep their counts. Error: why nothing was changed.
  [[nodiscard]] base::Result<void> apply(Configuration configuration);
  /// Calls it on the probe loop; does not wait.
  void post_to_probe_loop(std::function<void()> function);

  /// Before the first apply(): the socket of the namespace opener (opener_process.h), or why there is
  /// none. Without this call no reload may ask for other namespaces.
  void set_namespace_opener(base::Result<base::UniqueFd> socket);

  [[nodiscard]] metrics::ExporterMetrics& metrics() { return metrics_; }
  [[nodiscard]] metrics::Exposition& exposition() { return exposition_; }
  [[nodiscard]] const metrics::SeriesStore& store() const { return store_; }
  [[nodiscard]] const SourceBoard& sources() const { return board_; }

 private:
  // What belongs to one configuration with what was discovered.
  struct Running {
    Plan plan;
    targets::Classifier classifier;
    std::map<std::string, targets::Slot> hosts;
    std::map<std::string, std::shared_ptr<metrics::ProbeSeries>> http;  // by host

    Running(Plan plan, const targets::Resolver& resolver);
  };

  [[nodiscard]] base::Result<void> check_changeable(const Configuration& next) const;
  [[nodiscard]] base::Result<void> take_up(Configuration configuration);
  // Everything as the configuration says, with what is discovered by now. Error: nothing was changed.
  [[nodiscard]] base::Result<void> run(const Configuration& configuration,
                                       targets::Expansion expansion);
  [[nodiscard]] targets::Expansion expand(const config::Config& config);
  void replan();
  void note_dropped(std::size_t dropped);
  // Nothing when the configuration has it off, or when this host cannot run it (said on the board).
  [[nodiscard]] base::Result<std::shared_ptr<passive::TcpProbeSource>> load_tcp_probe(
      const Running& next, const metrics::BucketGrid& grid, const passive::OwnerCounting* owning);
  void switch_tcp_probe(std::shared_ptr<passive::TcpProbeSource> next, double max_cpu_share);
  void configure_tcp_info(const Running& next, const passive::OwnerCounting* owning);
  void configure_namespaces(bool all);
  void on_addresses(const std::string& host, const std::vector<base::IpAddress>& addresses);
  [[nodiscard]] std::optional<std::vector<passive::ActiveRemote>> take_busiest();
  void on_lookup(const std::string& host, base::nanoseconds duration);
  void update_prefixes();

  base::EventLoop& loop_;
  metrics::ExporterMetrics metrics_;
  metrics::SeriesStore store_;
  metrics::Exposition exposition_;
  SourceBoard board_;
  std::shared_ptr<metrics::ProcessMetrics> process_metrics_;
  std::optional<Configuration> configuration_;  // as loaded
  std::unique_ptr<Running> running_;
  OwnerTracking owner_tracking_;  // before the sources that count for it
  std::shared_ptr<passive::TcpProbeSource> tcp_probe_;
  std::optional<std::string> no_opener_;              // why other namespaces cannot be polled
  std::unique_ptr<passive::OpenerChannel> opener_;    // null: none was started
  std::unique_ptr<passive::TcpInfoSource> tcp_info_;  // after opener_: goes before it
  std::unique_ptr<ProbeThread> probe_thread_;
  std::unique_ptr<Discovery> discovery_;
  std::unique_ptr<targets::Resolver> resolver_;
  ChangeGatherer discovered_;  // acts on what discovery found
  base::Timer prefix_update_;  // coalesces the address changes of one turn of the loop
};

}  // namespace rtt::app
