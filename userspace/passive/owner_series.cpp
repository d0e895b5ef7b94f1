#include "passive/owner_series.h"

#include <utility>
#include <vector>

namespace rtt::passive {
namespace {

constexpr metrics::FamilyInfo kSeries = {"rtt_exporter_series",
                                         "Histograms under rtt_seconds that are kept."};
constexpr metrics::FamilyInfo kUnlabelled = {"rtt_exporter_owner_unlabelled_total",
                                             "Observations of passive methods that count under "
                                             "their peer with empty owner labels, by reason: "
                                             "unknown_cgroup (of tcp_probe and tcp_handshake: the "
                                             "socket's cgroup is not known, or not yet), "
                                             "no_room (limits.max_series)."};

}  // namespace

OwnerSeries::OwnerSeries(metrics::SeriesStore& store, metrics::ExporterMetrics& metrics)
    : store_(store), metrics_(metrics) {}

std::size_t OwnerSeries::series_per_pair() const {
  return (configuration_.tcp_probe ? 2U : 0U) + (configuration_.tcp_info ? 1U : 0U);
}

bool OwnerSeries::has_room() const {
  const std::size_t size = configuration_.planned->size() + pairs_.size() * series_per_pair();
  return size + series_per_pair() <= configuration_.max_series;
}

// What `before` has stays, as far as it is wanted.
OwnerSeries::Pair OwnerSeries::make(const metrics::PeerLabels& labels, Pair before) const {
  const auto& grid = configuration_.grid;
  const auto fill = [&](std::shared_ptr<metrics::Series>& series, const char* method) {
    if (!series) series = std::make_shared<metrics::Series>(labels, method, grid);
  };
  Pair pair = std::move(before);
  if (configuration_.tcp_probe) {
    fill(pair.tcp_probe.tcp_probe, "tcp_probe");
    fill(pair.tcp_probe.tcp_handshake, "tcp_handshake");
  } else {
    pair.tcp_probe = {};
  }
  if (!configuration_.tcp_info) {
    pair.tcp_info = {};
  } else if (!pair.tcp_info.connections) {
    fill(pair.tcp_info.rtt, "tcp_info");
    pair.tcp_info.connections = std::make_shared<metrics::ConnectionSeries>(labels, grid);
  }
  return pair;
}

void OwnerSeries::configure(Configuration configuration) {
  const std::lock_guard lock(mutex_);
  const bool same_owners = configuration.owners == configuration_.owners;
  configuration_ = std::move(configuration);
  if (configuration_.owners) {
    for (int i = 0; i < static_cast<int>(Unlabelled::kCount); ++i) {
      count_unlabelled(static_cast<Unlabelled>(i), 0);
    }
  }
  peers_.clear();
  for (const auto& series : configuration_.planned->passive()) peers_.insert(series->peer());

  for (auto& [labels, before] : std::exchange(pairs_, {})) {
    metrics::PeerLabels peer = labels;
    for (auto& [name, value] : peer.owner) value.clear();
    if (!same_owners || !peers_.contains(peer) || !has_room()) continue;
    pairs_.emplace(labels, Entry{make(labels, std::move(before.pair)), before.last_counted});
  }
  publish_locked();
}

OwnerSeries::Pair OwnerSeries::of(const metrics::PeerLabels& peer, owners::Number owner,
                                  std::uint64_t observations) {
  if (owner == owners::kNobody) return {};
  const std::lock_guard lock(mutex_);
  if (!configuration_.owners || !peers_.contains(peer)) return {};
  auto known = configuration_.owners->labels(owner);
  if (!known) {
    count_unlabelled(Unlabelled::kUnknownCgroup, observations);
    return {};
  }
  metrics::PeerLabels labels = peer;
  labels.owner = *std::move(known);
  auto found = pairs_.find(labels);
  if (found == pairs_.end()) {
    if (!has_room()) {
      count_unlabelled(Unlabelled::kNoRoom, observations);
      return {};
    }
    found = pairs_.emplace(labels, Entry{make(labels, {}), {}}).first;
    changed_ = true;
  }
  found->second.last_counted = base::Clock::now();
  return found->second.pair;
}

void OwnerSeries::publish() {
  const std::lock_guard lock(mutex_);
  if (changed_) publish_locked();
}

void OwnerSeries::publish_locked() {
  changed_ = false;
  std::vector<metrics::SeriesSet::Addition> additions;
  for (const auto& [labels, entry] : pairs_) {
    const Pair& pair = entry.pair;
    metrics::SeriesSet::Addition addition{{}, pair.tcp_info.connections};
    for (const auto& series :
         {pair.tcp_probe.tcp_probe, pair.tcp_probe.tcp_handshake, pair.tcp_info.rtt}) {
      if (series) addition.passive.push_back(series);
    }
    additions.push_back(std::move(addition));
  }
  const auto set =
      additions.empty() ? configuration_.planned : configuration_.planned->with(additions);
  metrics_.set_gauge(kSeries, {}, static_cast<double>(set->size()));
  store_.replace(set);
}

void OwnerSeries::count_unlabelled(Unlabelled reason, std::uint64_t observations) {
  if (reason == Unlabelled::kUnknownCgroup) unknown_cgroups_ += observations;
  const char* const name = reason == Unlabelled::kNoRoom ? "no_room" : "unknown_cgroup";
  metrics_.add_counter(kUnlabelled, {{"reason", name}}, static_cast<double>(observations));
}

void OwnerSeries::expire(base::TimePoint now) {
  const std::lock_guard lock(mutex_);
  const base::TimePoint oldest = now - configuration_.expire_after;
  const std::size_t expired =
      std::erase_if(pairs_, [&](const auto& pair) { return pair.second.last_counted < oldest; });
  if (expired > 0) publish_locked();
}

}  // namespace rtt::passive
