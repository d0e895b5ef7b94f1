#include "metrics/series.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "metrics/label_text.h"

namespace rtt::metrics {

Series::Series(PeerLabels peer, std::string method, std::shared_ptr<const BucketGrid> grid)
    : peer_(std::move(peer)),
      method_(std::move(method)),
      label_text_(series_label_text(peer_, method_)),
      histogram_(std::move(grid)) {}

void Series::observe(nanoseconds rtt) {
  const std::lock_guard lock(mutex_);
  observe_locked(rtt, base::Clock::now());
}

void Series::observe(std::span<const nanoseconds> rtts) {
  const std::lock_guard lock(mutex_);
  const base::TimePoint now = base::Clock::now();
  for (const nanoseconds rtt : rtts) observe_locked(rtt, now);
}

void Series::observe_locked(nanoseconds rtt, base::TimePoint now) {
  rtt = std::max(rtt, nanoseconds(0));
  window_.observe(histogram_.observe(rtt), rtt, now);
  last_ = rtt;
}

void Series::add(std::span<const CellCount> cells, std::uint64_t sum_ns) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t added = histogram_.add(cells, sum_ns);
  window_.add(histogram_.grid(), {cells, added, sum_ns}, base::Clock::now());
}

Series::Snapshot Series::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {histogram_, last_, window_.median(base::Clock::now())};
}

Series::Reading Series::read(std::vector<CellCount>& cells, bool with_median) const {
  const std::lock_guard lock(mutex_);
  return read_locked(cells, with_median);
}

Series::Reading Series::read_locked(std::vector<CellCount>& cells, bool with_median) const {
  Reading reading{histogram_.read(cells), std::nullopt};
  if (with_median) reading.median = window_.median(base::Clock::now());
  return reading;
}

std::uint64_t ProbeLedger::failed_total() const {
  return std::accumulate(failed.begin(), failed.end(), std::uint64_t{0});
}

ProbeSeries::ProbeSeries(PeerLabels peer, std::string method,
                         const std::shared_ptr<const BucketGrid>& grid,
                         std::vector<FailureReason> reasons, const ProbeFeatures& features)
    : Series(std::move(peer), std::move(method), grid),
      reasons_(std::move(reasons)),
      features_(features),
      http_(features.http
                ? std::make_unique<HttpSeries>(peer_label_text(this->peer()), grid, reasons_)
                : nullptr) {}

void ProbeSeries::sent() {
  const std::lock_guard lock(mutex_);
  ++ledger_.sent;
  ++ledger_.in_flight;
}

void ProbeSeries::finish_locked(std::uint64_t& outcome, bool up) {
  assert(ledger_.in_flight > 0);
  --ledger_.in_flight;
  ++outcome;
  ledger_.up = up;
}

void ProbeSeries::replied(nanoseconds rtt) {
  const std::lock_guard lock(mutex_);
  finish_locked(ledger_.replied, true);
  observe_locked(rtt, base::Clock::now());
  smooth_locked(rtt);
}

void ProbeSeries::lost() {
  const std::lock_guard lock(mutex_);
  finish_locked(ledger_.lost, false);
}

void ProbeSeries::failed(FailureReason reason) {
  const std::lock_guard lock(mutex_);
  fail_locked(reason);
}

void ProbeSeries::failed(FailureReason reason, nanoseconds rtt) {
  const std::lock_guard lock(mutex_);
  fail_locked(reason);
  observe_locked(rtt, base::Clock::now());
  smooth_locked(rtt);
}

void ProbeSeries::fail_locked(FailureReason reason) {
  assert(std::find(reasons_.begin(), reasons_.end(), reason) != reasons_.end());
  finish_locked(ledger_.failed[static_cast<std::size_t>(reason)], false);
}

void ProbeSeries::late() {
  const std::lock_guard lock(mutex_);
  ++ledger_.late;
}

void ProbeSeries::duplicate() {
  const std::lock_guard lock(mutex_);
  ++ledger_.duplicate;
}

void ProbeSeries::path_changed() {
  assert(features_.path_changes);
  const std::lock_guard lock(mutex_);
  ++ledger_.path_changes;
}

void ProbeSeries::smooth_locked(nanoseconds rtt) {
  constexpr double kWeight = 0.2;
  const double ns = static_cast<double>(std::max<std::int64_t>(rtt.count(), 0));
  if (!smoothed_ns_) {
    smoothed_ns_ = ns;
  } else {
    *smoothed_ns_ += kWeight * (ns - *smoothed_ns_);
    jitter_ns_ += (std::abs(ns - previous_ns_) - jitter_ns_) / 16;  // RFC 3550 6.4.1
  }
  previous_ns_ = ns;
}

ProbeSeries::ProbeSnapshot ProbeSeries::probe_snapshot() const {
  const std::lock_guard lock(mutex_);
  return probe_snapshot_locked();
}

ProbeSeries::ProbeReading ProbeSeries::read_probe(std::vector<CellCount>& cells,
                                                  bool with_median) const {
  const std::lock_guard lock(mutex_);
  return {read_locked(cells, with_median), probe_snapshot_locked()};
}

ProbeSeries::ProbeSnapshot ProbeSeries::probe_snapshot_locked() const {
  ProbeSnapshot state{ledger_, std::nullopt, nanoseconds(static_cast<std::int64_t>(jitter_ns_))};
  if (smoothed_ns_) state.smoothed = nanoseconds(static_cast<std::int64_t>(*smoothed_ns_));
  return state;
}

ConnectionSeries::ConnectionSeries(PeerLabels peer, const std::shared_ptr<const BucketGrid>& grid)
    : peer_(std::move(peer)),
      label_text_(peer_label_text(peer_)),
      state_{Histogram(grid), Histogram(grid), 0, 0, 0} {}

void ConnectionSeries::observe(std::span<const Rtts> connections) {
  const std::lock_guard lock(mutex_);
  for (const auto& [min_rtt, queueing] : connections) {
    state_.min_rtt.observe(min_rtt);
    state_.queueing.observe(queueing);
  }
}

void ConnectionSeries::add_segments(std::uint64_t sent, std::uint64_t retransmitted) {
  const std::lock_guard lock(mutex_);
  state_.segments_sent += sent;
  state_.segments_retransmitted += retransmitted;
}

void ConnectionSeries::set_connections(std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  state_.connections = count;
}

ConnectionSeries::Reading ConnectionSeries::read(std::vector<CellCount>& cells) const {
  const std::lock_guard lock(mutex_);
  return {state_.min_rtt.read(cells), state_.queueing.read(cells), state_.connections,
          state_.segments_sent, state_.segments_retransmitted};
}

ConnectionSeries::Snapshot ConnectionSeries::snapshot() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace rtt::metrics
