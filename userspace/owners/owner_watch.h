// Follows this host's cgroups and says who owns each.
//
// Lives on its loop; callbacks run there, never from inside a call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/result.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "owners/cgroup_owners.h"
#include "owners/cgroup_tree.h"

namespace rtt::owners {

class OwnerWatch {
 public:
  struct Callbacks {
    /// owners() has it already.
    std::function<void(std::uint64_t cgroup, Number owner)> on_owner;
    std::function<void(std::uint64_t cgroup)> on_forgotten;
  };

  /// Begins to walk. `loop` and `metrics` must outlive it. Error: this host has no cgroup2, or it cannot be
  /// followed.
  [[nodiscard]] static base::Result<std::unique_ptr<OwnerWatch>> create(
      base::EventLoop& loop, metrics::ExporterMetrics& metrics, config::OwnerLabels wanted,
      Callbacks callbacks);
  ~OwnerWatch();
  OwnerWatch(const OwnerWatch&) = delete;
  OwnerWatch& operator=(const OwnerWatch&) = delete;

  [[nodiscard]] std::shared_ptr<const CgroupOwners> owners() const { return owners_; }
  [[nodiscard]] config::OwnerLabels wanted() const { return wanted_; }

  /// Sockets of unknown cgroups were seen: walks again if that can help.
  void look_again();
  /// Forgets cgroups that went before `before`.
  void forget(base::TimePoint before);

 private:
  OwnerWatch(metrics::ExporterMetrics& metrics, config::OwnerLabels wanted, Callbacks callbacks);
  void come(std::uint64_t cgroup, const std::string& path);
  void go(std::uint64_t cgroup);
  void note(TreeProblem what);
  void show() const;

  metrics::ExporterMetrics& metrics_;
  const config::OwnerLabels wanted_;
  const Callbacks callbacks_;
  std::shared_ptr<CgroupOwners> owners_;
  std::unique_ptr<CgroupTree> tree_;
  bool walked_ = false;
};

}  // namespace rtt::owners
