#include "metrics/series_store.h"

namespace rtt::metrics {

SeriesSet::Builder::Builder(std::shared_ptr<const BucketGrid> grid, std::size_t max_series,
                            const SeriesSet& previous)
    : grid_(std::move(grid)), max_series_(max_series) {
  for (const auto& series : previous.passive_) {
    previous_passive_.emplace(Key(series->peer(), series->method()), series);
  }
  for (const auto& series : previous.probes_) {
    previous_probes_.emplace(Key(series->peer(), series->method()), series);
  }
  for (const auto& series : previous.connections_) {
    previous_connections_.emplace(series->peer(), series);
  }
}

bool SeriesSet::Builder::has_room(std::size_t count) {
  if (set_->size() + count <= max_series_) return true;
  set_->dropped_ += count;
  return false;
}

std::shared_ptr<Series> SeriesSet::Builder::passive(const PeerLabels& peer,
                                                    const std::string& method) {
  const auto previous = previous_passive_.find(Key(peer, method));
  auto series = previous != previous_passive_.end() ? previous->second
                                                    : std::make_shared<Series>(peer, method, grid_);
  set_->passive_.push_back(series);
  return series;
}

std::shared_ptr<ProbeSeries> SeriesSet::Builder::probe(const PeerLabels& peer,
                                                       const std::string& method,
                                                       const std::vector<FailureReason>& reasons,
                                                       const ProbeFeatures& features) {
  const auto previous = previous_probes_.find(Key(peer, method));
  auto series = previous != previous_probes_.end()
                    ? previous->second
                    : std::make_shared<ProbeSeries>(peer, method, grid_, reasons, features);
  set_->probes_.push_back(series);
  return series;
}

std::shared_ptr<ConnectionSeries> SeriesSet::Builder::connections(const PeerLabels& peer) {
  const auto previous = previous_connections_.find(peer);
  auto series = previous != previous_connections_.end()
                    ? previous->second
                    : std::make_shared<ConnectionSeries>(peer, grid_);
  set_->connections_.push_back(series);
  return series;
}

std::shared_ptr<const SeriesSet> SeriesSet::Builder::build() && {
  set_->compare_from(0);
  return std::move(set_);
}

// Those from this number on.
void SeriesSet::compare_from(std::size_t first) {
  std::map<PeerLabels, std::size_t> references;
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    const ProbeSeries& series = *probes_[i];
    if (series.method() == kReferenceMethod) references.emplace(series.peer(), i);
  }
  for (std::size_t i = first; i < size(); ++i) {
    PeerLabels peer = rtt(i).peer();
    peer.owner.clear();
    const auto reference = references.find(peer);
    if (reference == references.end() || reference->second == i) continue;
    comparisons_.push_back({i, reference->second});
  }
}

std::shared_ptr<const SeriesSet> SeriesSet::with(std::span<const Addition> additions) const {
  auto set = std::make_shared<SeriesSet>(*this);
  for (const Addition& addition : additions) {
    set->passive_.insert(set->passive_.end(), addition.passive.begin(), addition.passive.end());
    if (addition.connections) set->connections_.push_back(addition.connections);
  }
  set->compare_from(size());
  return set;
}

std::shared_ptr<const SeriesSet> SeriesStore::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void SeriesStore::replace(std::shared_ptr<const SeriesSet> set) {
  const std::lock_guard lock(mutex_);
  current_ = std::move(set);
}

}  // namespace rtt::metrics
