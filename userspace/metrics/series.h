// What is known of one {target, peer, method}: the seam between whoever measures and whoever
// exposes.
//
// Thread-safe: the measuring thread writes, scrapes read; each snapshot is consistent in itself.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/failure_reason.h"
#include "metrics/family_writer.h"
#include "metrics/histogram.h"
#include "metrics/http_series.h"
#include "metrics/sliding_window.h"

namespace rtt::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// The identity of a peer in every exposed series.
struct PeerLabels {
  std::string target;
  std::string peer;
  Labels constant;    // the target's own labels, sorted by name
  Labels owner = {};  // of passive series: who owns the sockets, as far as that is wanted

  auto operator<=>(const PeerLabels&) const = default;
};

/// RTTs of one method, whoever observes them.
class Series {
 public:
  struct Snapshot {
    Histogram histogram;
    std::optional<nanoseconds>
        last;  // nothing before the first observation, or when only counts came
    std::optional<nanoseconds> median;  // of the last minute
  };

  Series(PeerLabels peer, std::string method, std::shared_ptr<const BucketGrid> grid);
  virtual ~Series() = default;
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  [[nodiscard]] const PeerLabels& peer() const { return peer_; }
  [[nodiscard]] const std::string& method() const { return method_; }
  [[nodiscard]] const BucketGrid& grid() const { return histogram_.grid(); }

  /// Negative values count as 0.
  void observe(nanoseconds rtt);
  /// The same for many, under one lock.
  void observe(std::span<const nanoseconds> rtts);
  /// Counts that the kernel made on the same grid.
  void add(std::span<const CellCount> cells, std::uint64_t sum_ns);

  [[nodiscard]] Snapshot snapshot() const;

  /// What a scrape shows.
  struct Reading {
    HistogramReading histogram;
    std::optional<nanoseconds> median;  // of the last minute; only if asked for
  };
  /// Much cheaper than snapshot(), above all without the median. Appends the histogram's cells to `cells`.
  [[nodiscard]] Reading read(std::vector<CellCount>& cells, bool with_median) const;
  /// That read() comes soon: with many series none is in a cache any more.
  void prefetch() const {
    __builtin_prefetch(&mutex_);
    __builtin_prefetch(&histogram_);
    __builtin_prefetch(&histogram_ + 1);
  }
  /// `target="db",peer="10.0.0.5",method="icmp"`, and since when.
  [[nodiscard]] SeriesKey key() const { return {label_text_, created_}; }

 protected:
  void observe_locked(nanoseconds rtt, base::TimePoint now);
  [[nodiscard]] Reading read_locked(std::vector<CellCount>& cells, bool with_median) const;

 private:
  const PeerLabels peer_;
  const std::string method_;
  const std::string label_text_;
  const WallTime created_ = std::chrono::system_clock::now();

 protected:
  mutable std::mutex mutex_;

 private:
  // Beside the mutex: an observation finds most of what it touches in a few cache lines.
  Histogram histogram_;
  std::optional<nanoseconds> last_;
  SlidingWindow window_;
};

/// The ledger of an active method. After every call: sent = replied + lost + failed + in_flight.
struct ProbeLedger {
  std::uint64_t sent = 0;
  std::uint64_t replied = 0;
  std::uint64_t lost = 0;
  std::uint64_t late = 0;       // replies after the timeout; their probes stay lost
  std::uint64_t duplicate = 0;  // further replies to a probe that had one
  std::uint64_t in_flight = 0;
  std::uint64_t path_changes = 0;  // see ProbeFeatures
  std::array<std::uint64_t, kFailureReasonCount> failed{};
  bool up = false;  // the last finished probe got its reply

  [[nodiscard]] std::uint64_t failed_total() const;
};

/// What a method can tell beside the ledger; only that is exposed of its series.
struct ProbeFeatures {
  /// Replies that came with another hop limit than the one before on the same path.
  bool path_changes = false;
  /// Phases of requests, and downloads: ProbeSeries::http().
  bool http = false;
};

/// RTTs and ledger of one actively probed {target, peer, method}.
///
/// The prober says sent() once per probe, and exactly one of replied(), lost() and failed() for it
/// later.
class ProbeSeries final : public Series {
 public:
  struct ProbeSnapshot {
    ProbeLedger ledger;
    std::optional<nanoseconds> smoothed;  // EWMA, weight 0.2; nothing before the first observation
    nanoseconds jitter{0};                // RFC 3550 6.4.1, of the round trips
  };

  /// `reasons`: those that the method can have; others are a bug of the prober.
  ProbeSeries(PeerLabels peer, std::string method, const std::shared_ptr<const BucketGrid>& grid,
              std::vector<FailureReason> reasons, const ProbeFeatures& features = {});

  void sent();
  void replied(nanoseconds rtt);
  void lost();
  void failed(FailureReason reason);
  /// A failure whose answer nevertheless made a round trip, such as a refused connection.
  void failed(FailureReason reason, nanoseconds rtt);
  void late();
  void duplicate();
  /// Precondition: features().path_changes.
  void path_changed();

  [[nodiscard]] const std::vector<FailureReason>& reasons() const { return reasons_; }
  [[nodiscard]] const ProbeFeatures& features() const { return features_; }
  /// Null without features().http; thread-safe by itself.
  [[nodiscard]] HttpSeries* http() const { return http_.get(); }
  [[nodiscard]] ProbeSnapshot probe_snapshot() const;

  /// Both under one lock, so that they agree.
  struct ProbeReading {
    Reading rtt;
    ProbeSnapshot probe;
  };
  [[nodiscard]] ProbeReading read_probe(std::vector<CellCount>& cells, bool with_median) const;

 private:
  [[nodiscard]] ProbeSnapshot probe_snapshot_locked() const;
  void finish_locked(std::uint64_t& outcome, bool up);
  void fail_locked(FailureReason reason);
  void smooth_locked(nanoseconds rtt);

  const std::vector<FailureReason> reasons_;
  const ProbeFeatures features_;
  const std::unique_ptr<HttpSeries> http_;
  ProbeLedger ledger_;
  std::optional<double> smoothed_ns_;
  double jitter_ns_ = 0;
  double previous_ns_ = 0;
};

/// TCP_INFO of the real connections of one peer, and the RTT series "tcp_info" beside it.
class ConnectionSeries {
 public:
  struct Snapshot {
    Histogram min_rtt;
    Histogram queueing;
    std::uint64_t connections = 0;
    std::uint64_t segments_sent = 0;
    std::uint64_t segments_retransmitted = 0;
  };

  ConnectionSeries(PeerLabels peer, const std::shared_ptr<const BucketGrid>& grid);

  [[nodiscard]] const PeerLabels& peer() const { return peer_; }
  [[nodiscard]] const BucketGrid& grid() const { return state_.min_rtt.grid(); }
  /// `target="db",peer="10.0.0.5"`, and since when.
  [[nodiscard]] SeriesKey key() const { return {label_text_, created_}; }

  struct Rtts {
    nanoseconds min_rtt;
    nanoseconds queueing;
  };
  /// One for each connection that the kernel has samples of, once per poll.
  void observe(std::span<const Rtts> connections);
  /// Growth since the last poll.
  void add_segments(std::uint64_t sent, std::uint64_t retransmitted);
  /// Established connections as of the poll that just ended.
  void set_connections(std::uint64_t count);

  [[nodiscard]] Snapshot snapshot() const;

  /// What a scrape shows.
  struct Reading {
    HistogramReading min_rtt;
    HistogramReading queueing;
    std::uint64_t connections;
    std::uint64_t segments_sent;
    std::uint64_t segments_retransmitted;
  };
  /// Much cheaper than snapshot(). Appends the histograms' cells to `cells`.
  [[nodiscard]] Reading read(std::vector<CellCount>& cells) const;

 private:
  const PeerLabels peer_;
  const std::string label_text_;
  const WallTime created_ = std::chrono::system_clock::now();
  mutable std::mutex mutex_;
  Snapshot state_;
};

}  // namespace rtt::metrics
