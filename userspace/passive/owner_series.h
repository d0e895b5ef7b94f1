// The series of each owner of sockets beside those of its peer: made when something is counted for the two,
// gone when nothing was for a while. Also puts them in force together with the planned ones.
//
// Thread-safe: scrapes count the kernel's rows, the control loop polls and expires. One object for the life
// of the process; reloads configure it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/clock.h"
#include "metrics/exporter_metrics.h"
#include "metrics/series_store.h"
#include "owners/cgroup_owners.h"
#include "passive/tcp_info_source.h"
#include "passive/tcp_probe_source.h"

namespace rtt::passive {

class OwnerSeries {
 public:
  /// What one peer and one owner have; null series: the method is off.
  struct Pair {
    TcpProbeSource::SlotSeries tcp_probe;
    TcpInfoSource::SlotSeries tcp_info;
  };

  /// Why an observation counts under its peer with empty labels.
  enum class Unlabelled { kUnknownCgroup, kNoRoom, kCount };

  /// Both must outlive it.
  OwnerSeries(metrics::SeriesStore& store, metrics::ExporterMetrics& metrics);

  struct Configuration {
    std::shared_ptr<const metrics::SeriesSet> planned;
    std::shared_ptr<const metrics::BucketGrid> grid;
    /// Null: there are no owners. Another object than before: no pair of before stays.
    std::shared_ptr<const owners::CgroupOwners> owners;
    bool tcp_probe = true;
    bool tcp_info = true;
    std::size_t max_series = 0;
    base::nanoseconds expire_after{0};
  };
  /// Puts the planned series in force, and those pairs of before whose peer is among them, as far as there is
  /// room; they are the same objects.
  void configure(Configuration configuration);

  /// Where `observations` of now belong: to be asked each time, because pairs expire. `peer`: as of a planned
  /// passive series. No series when the owner is kNobody or unknown, when the peer is not configured any more,
  /// or when limits.max_series leaves no room; then they count under the peer, and are counted as such here.
  /// A new pair is shown from the next publish() on.
  [[nodiscard]] Pair of(const metrics::PeerLabels& peer, owners::Number owner,
                        std::uint64_t observations);
  void publish();
  void count_unlabelled(Unlabelled reason, std::uint64_t observations);
  /// Of kUnknownCgroup, ever.
  [[nodiscard]] std::uint64_t unknown_cgroups() const { return unknown_cgroups_; }

  /// Takes out what of() was not asked for since Configuration::expire_after.
  void expire(base::TimePoint now);

 private:
  struct Entry {
    Pair pair;
    base::TimePoint last_counted;
  };

  [[nodiscard]] std::size_t series_per_pair() const;
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] Pair make(const metrics::PeerLabels& labels, Pair before) const;
  void publish_locked();

  metrics::SeriesStore& store_;
  metrics::ExporterMetrics& metrics_;
  std::mutex mutex_;
  Configuration configuration_;
  std::set<metrics::PeerLabels> peers_;  // of planned passive series
  std::map<metrics::PeerLabels, Entry> pairs_;
  bool changed_ = false;  // since the last publish
  std::atomic<std::uint64_t> unknown_cgroups_ = 0;
};

}  // namespace rtt::passive
