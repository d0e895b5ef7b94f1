// The eBPF source: loads bpf/tcp_probe.bpf.c, tells it the peers, and moves its counts into series.
//
// One instance belongs to one configuration. Instances hand over exactly: the programs of the next
// one are attached before the last one's are detached, and a shared switch decides which of them
// counts, so that a reload neither loses nor doubles a sample. collect() may run on any thread
// while the others but the destructor run on the control loop; the rest is for the control loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "metrics/exporter_metrics.h"
#include "metrics/series.h"
#include "owners/cgroup_owners.h"
#include "targets/classifier.h"

namespace rtt::passive {

class OwnerSeries;

/// For series of owners.
struct OwnerCounting {
  std::shared_ptr<const owners::CgroupOwners> owners;
  OwnerSeries* series;         // outlives the source
  std::size_t most_pairs = 0;  // of a peer and an owner
};

class TcpProbeSource : public metrics::Collector {
 public:
  /// Per slot; null where the series does not exist (its traffic is classified as "other"). [0] is
  /// never null.
  struct SlotSeries {
    std::shared_ptr<metrics::Series> tcp_probe;
    std::shared_ptr<metrics::Series> tcp_handshake;
  };

  /// Loads and attaches, but does not count before activate(). `previous`: the instance that counts
  /// now, or null. `owning`: null when owners are not told apart. Error: a sentence that says what this host lacks (privilege, BTF, BPF, an old
  /// kernel). `loop` must outlive the source.
  [[nodiscard]] static base::Result<std::unique_ptr<TcpProbeSource>> create(
      base::EventLoop& loop, const metrics::BucketGrid& grid, const targets::Classifier& classifier,
      std::vector<SlotSeries> series, metrics::ExporterMetrics& metrics, TcpProbeSource* previous,
      const OwnerCounting* owning = nullptr);

  /// Detaches; whatever was counted is moved into the series first.
  ~TcpProbeSource() override;

  /// From here on this instance counts, and no other.
  void activate();
  /// What the programs of all instances may cost, as a share of one CPU, from the next second on; above
  /// 0. Past it one acknowledgement in n is counted, with the weight n.
  void set_max_cpu_share(double share);
  /// Brings the kernel's prefixes in line with the classifier's; what did not change is not
  /// touched.
  [[nodiscard]] base::Result<void> set_prefixes(const targets::Classifier& classifier);

  /// `cgroup` belongs to `owner` from here on. These three do nothing when owners are not told apart.
  [[nodiscard]] base::Result<void> set_owner(std::uint64_t cgroup, owners::Number owner);
  void forget_cgroup(std::uint64_t cgroup);
  /// Gives the rows back of pairs that nothing was counted for since `before`. Waits for running programs if
  /// there are any.
  void expire_pairs(base::TimePoint before);

  /// Moves the kernel's counts into the series, and updates the metrics of the programs and maps.
  void collect() override;

 private:
  struct Impl;
  explicit TcpProbeSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::passive
