// What the method "http" tells beside its RTTs: how long each phase of a request took, and the goodput of downloads.
//
// Thread-safe: the probe thread and the resolver's write, scrapes read.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/failure_reason.h"
#include "metrics/family_writer.h"
#include "metrics/harmonic_mean.h"
#include "metrics/histogram.h"

namespace rtt::metrics {

/// The values of the label `phase`, in the order of time.
enum class HttpPhase {
  kResolve,    // the peer's name; probes never wait for it, the resolver says how long it took
  kConnect,    // TCP handshake; only of a new connection
  kTls,        // TLS handshake; only of a new connection
  kFirstByte,  // request to first byte of the response: the RTT
  kTransfer,   // first to last byte of the response
  kCount,
};
inline constexpr std::size_t kHttpPhaseCount = static_cast<std::size_t>(HttpPhase::kCount);

/// The values of the label `window`.
enum class GoodputWindow { kWhole, kSteady, kCount };
inline constexpr std::size_t kGoodputWindowCount = static_cast<std::size_t>(GoodputWindow::kCount);

[[nodiscard]] std::string_view to_string(HttpPhase phase);
[[nodiscard]] std::string_view to_string(GoodputWindow window);

class HttpSeries {
 public:
  /// Of one download, in bytes per second; nothing: it was over before the window began.
  using Goodput = std::array<std::optional<double>, kGoodputWindowCount>;

  struct Downloads {
    std::uint64_t completed = 0;  // to their end or one of their limits
    std::uint64_t lost = 0;       // not one byte within their time
    std::array<std::uint64_t, kFailureReasonCount> failed{};

    bool operator==(const Downloads&) const = default;
  };

  /// `peer_labels`: as label_text.h makes them. `reasons`: those that a download can fail for.
  HttpSeries(const std::string& peer_labels, const std::shared_ptr<const BucketGrid>& grid,
             std::vector<FailureReason> reasons);

  void observe(HttpPhase phase, nanoseconds duration);

  /// Whether there are downloads at all; else nothing of them is exposed.
  void expect_downloads(bool expected);
  void download_completed(const Goodput& goodput);
  void download_lost();
  void download_failed(FailureReason reason);

  /// What a scrape shows.
  struct Reading {
    std::array<HistogramReading, kHttpPhaseCount> phases;
    /// The harmonic mean of each window over the last downloads (harmonic_mean.h).
    Goodput goodput;
    std::optional<Downloads> downloads;  // nothing: not expected
  };
  /// Appends the histograms' cells to `cells`.
  [[nodiscard]] Reading read(std::vector<CellCount>& cells) const;

  [[nodiscard]] const BucketGrid& grid() const { return histograms_.front().grid(); }
  [[nodiscard]] const std::vector<FailureReason>& reasons() const { return reasons_; }
  /// `target="db",peer="10.0.0.5"`, and since when; the others have their own label, too.
  [[nodiscard]] SeriesKey key() const { return {peer_labels_, created_}; }
  [[nodiscard]] SeriesKey key(HttpPhase phase) const;
  [[nodiscard]] SeriesKey key(GoodputWindow window) const;

 private:
  const std::vector<FailureReason> reasons_;
  const std::string peer_labels_;
  std::array<std::string, kHttpPhaseCount> phase_labels_;
  std::array<std::string, kGoodputWindowCount> window_labels_;
  const WallTime created_ = std::chrono::system_clock::now();

  mutable std::mutex mutex_;
  std::vector<Histogram> histograms_;
  std::array<HarmonicMean, kGoodputWindowCount> goodput_;
  Downloads downloads_;
  bool expected_ = false;
};

}  // namespace rtt::metrics
