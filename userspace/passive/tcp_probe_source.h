// The eBPF source: loads bpf/tcp_probe.bpf.c, tells it the peers, and moves its counts into series.
//
// One instance belongs to one configuration. Instances hand over exactly: the programs of the next
// one are attached before the last one's are detached, and a shared switch decides which of them
// counts, so that a reload neither loses nor doubles a sample. collect() may run on any thread
// while set_prefixes() runs on the control loop; the rest is for the control loop.
#pragma once

#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "metrics/exporter_metrics.h"
#include "metrics/series.h"
#include "targets/classifier.h"

namespace rtt::passive {

class TcpProbeSource : public metrics::Collector {
 public:
  /// Per slot; null where the series does not exist (its traffic is classified as "other"). [0] is
  /// never null.
  struct SlotSeries {
    std::shared_ptr<metrics::Series> tcp_probe;
    std::shared_ptr<metrics::Series> tcp_handshake;
  };

  /// Loads and attaches, but does not count before activate(). `previous`: the instance that counts
  /// now, or null. Error: a sentence that says what this host lacks (privilege, BTF, BPF, an old
  /// kernel). `loop` must outlive the source.
  [[nodiscard]] static base::Result<std::unique_ptr<TcpProbeSource>> create(
      base::EventLoop& loop, const metrics::BucketGrid& grid, const targets::Classifier& classifier,
      std::vector<SlotSeries> series, metrics::ExporterMetrics& metrics, TcpProbeSource* previous);

  /// Detaches; whatever was counted is moved into the series first.
  ~TcpProbeSource() override;

  /// From here on this instance counts, and no other.
  void activate();
  /// What the programs of all instances may cost, as a share of one CPU, from the next second on; above
  /// 0. Past it one event in n is counted, with the weight n.
  void set_max_cpu_share(double share);
  /// Brings the kernel's prefixes in line with the classifier's; what did not change is not
  /// touched.
  [[nodiscard]] base::Result<void> set_prefixes(const targets::Classifier& classifier);

  /// Moves the kernel's counts into the series, and updates the metrics of the programs and maps.
  void collect() override;

 private:
  struct Impl;
  explicit TcpProbeSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::passive
