// Follows this host's cgroups and says who owns each.
//
// Lives on its loop; callbacks run there, never from inside a call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/result.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "owners/cgroup_owners.h"
#include "owners/cgroup_tree.h"
#include "owners/pod_watch.h"

namespace rtt::owners {

class OwnerWatch {
 public:
  struct Callbacks {
    /// owners() has it already.
    std::function<void(std::uint64_t cgroup, Number owner)> on_owner;
    std::function<void(std::uint64_t cgroup)> on_forgotten;
    /// Why the last list of pods did not come; nothing: it came.
    std::function<void(std::optional<std::string> reason)> on_pod_state;
  };
  struct Options {
    config::OwnerLabels labels;
    std::optional<config::Kubernetes> kubernetes;  // gives pods their names
    bool operator==(const Options&) const = default;
  };

  /// Begins to walk. `loop` and `metrics` must outlive it. Error: this host has no cgroup2, or it cannot be
  /// followed.
  [[nodiscard]] static base::Result<std::unique_ptr<OwnerWatch>> create(
      base::EventLoop& loop, metrics::ExporterMetrics& metrics, Options options,
      Callbacks callbacks);
  ~OwnerWatch();
  OwnerWatch(const OwnerWatch&) = delete;
  OwnerWatch& operator=(const OwnerWatch&) = delete;

  [[nodiscard]] std::shared_ptr<const CgroupOwners> owners() const { return owners_; }
  [[nodiscard]] const Options& options() const { return options_; }

  /// Sockets of unknown cgroups were seen: walks again if that can help.
  void look_again();
  /// Forgets cgroups that went before `before`.
  void forget(base::TimePoint before);

 private:
  OwnerWatch(base::EventLoop& loop, metrics::ExporterMetrics& metrics, Options options,
             Callbacks callbacks);
  void come(std::uint64_t cgroup, const std::string& path);
  void set(std::uint64_t cgroup, const Owner& owner);
  void go(std::uint64_t cgroup);
  void note(TreeProblem what);
  void show() const;

  metrics::ExporterMetrics& metrics_;
  const Options options_;
  const Callbacks callbacks_;
  std::shared_ptr<CgroupOwners> owners_;
  std::unique_ptr<PodWatch> pods_;  // null without Options::kubernetes
  std::unique_ptr<CgroupTree> tree_;
  bool walked_ = false;
};

}  // namespace rtt::owners
