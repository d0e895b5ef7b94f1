#include "app/plan.h"

#include <algorithm>

#include "owners/cgroup_owners.h"
#include "probers/method_table.h"

namespace rtt::app {
namespace {

// What is discovered may have a label of the name of an owner's: it gives way.
metrics::PeerLabels labels_of(const targets::Peer& peer, const config::OwnerLabels& owner) {
  metrics::PeerLabels labels{peer.target, peer.label, peer.constant_labels};
  std::erase_if(labels.constant, [&](const auto& label) { return owner.has(label.first); });
  return labels;
}

const probers::Method& method_of(const config::Probe& probe) {
  const auto methods = probers::method_table();
  return *std::find_if(methods.begin(), methods.end(),
                       [&](const auto& entry) { return entry.schema.name == probe.method; });
}

void plan_probes(const targets::Peer& peer, metrics::SeriesSet::Builder& series, Plan& plan) {
  for (const std::size_t index : peer.probes) {
    const config::Probe& probe = plan.config.probes[index];
    if (!series.has_room(1)) continue;
    const probers::Method& method = method_of(probe);
    auto probe_series = series.probe(labels_of(peer, plan.config.passive.labels), probe.method,
                                     method.reasons, method.features);
    plan.probes.push_back({peer.label, probe, std::move(probe_series), {}, peer.all_addresses});
  }
}

void plan_passive(const targets::Peer& peer, metrics::SeriesSet::Builder& series, Plan& plan) {
  const config::PassiveConfig& passive = plan.config.passive;
  const std::size_t wanted =
      (passive.tcp_probe.enabled ? 2 : 0) + (passive.tcp_info.enabled ? 1 : 0);
  const bool counted = peer.kind == targets::PeerKind::kOther || series.has_room(wanted);
  plan.counted.push_back(counted);
  auto& tcp_probe = plan.tcp_probe.emplace_back();
  auto& tcp_info = plan.tcp_info.emplace_back();
  if (!counted) return;
  metrics::PeerLabels labels = labels_of(peer, passive.labels);
  labels.owner = owners::labels_of({}, passive.labels);
  if (passive.tcp_probe.enabled) {
    tcp_probe.tcp_probe = series.passive(labels, "tcp_probe");
    tcp_probe.tcp_handshake = series.passive(labels, "tcp_handshake");
  }
  if (passive.tcp_info.enabled) {
    tcp_info.rtt = series.passive(labels, "tcp_info");
    tcp_info.connections = series.connections(labels);
  }
}

}  // namespace

Plan make_plan(config::Config config, std::shared_ptr<const metrics::BucketGrid> grid,
               const metrics::SeriesSet& previous) {
  metrics::SeriesSet::Builder series(std::move(grid), config.max_series, previous);
  targets::PeerTable peers(config);
  Plan plan{std::move(config), std::move(peers), nullptr, {}, {}, {}, {}, {}};
  for (const targets::Peer& peer : plan.peers.peers()) {
    plan_probes(peer, series, plan);
    plan_passive(peer, series, plan);
    if (peer.kind == targets::PeerKind::kHost) plan.hosts.push_back(peer.label);
  }
  plan.series = std::move(series).build();
  return plan;
}

}  // namespace rtt::app
