#include "app/passive_peers.h"

#include <algorithm>
#include <unordered_map>

namespace rtt::app {
namespace {

constexpr double kNewestWeight = 0.5;
constexpr double kTimesBusier = 2;

}  // namespace

bool PassivePeers::update(std::span<const passive::ActiveRemote> busiest, base::TimePoint now,
                          const Limits& limits) {
  const std::vector<base::IpAddress> before = addresses();
  std::unordered_map<base::IpAddress, std::uint64_t> segments;
  for (const passive::ActiveRemote& remote : busiest) {
    segments.emplace(remote.address, remote.segments);
  }
  for (Peer& peer : peers_) {
    const auto active = segments.extract(peer.address);
    const std::uint64_t count = active ? active.mapped() : 0;
    if (count > 0) peer.last_busy = now;
    peer.segments += kNewestWeight * (static_cast<double>(count) - peer.segments);
  }
  std::erase_if(peers_,
                [&](const Peer& peer) { return now - peer.last_busy >= limits.expire_after; });
  if (peers_.size() > limits.max_peers) peers_.resize(limits.max_peers);

  for (const passive::ActiveRemote& remote : busiest) {
    if (!segments.contains(remote.address)) continue;  // a peer already
    const auto count = static_cast<double>(remote.segments);
    if (peers_.size() < limits.max_peers) {
      peers_.push_back({remote.address, now, count});
      continue;
    }
    const auto idlest = std::ranges::min_element(peers_, {}, &Peer::segments);
    if (idlest == peers_.end() || count <= kTimesBusier * idlest->segments) break;
    peers_.erase(idlest);
    peers_.push_back({remote.address, now, count});
  }
  return addresses() != before;
}

void PassivePeers::keep_inside(std::span<const base::IpPrefix> networks) {
  std::erase_if(peers_, [&](const Peer& peer) {
    return std::ranges::none_of(
        networks, [&](const base::IpPrefix& network) { return network.contains(peer.address); });
  });
}

std::vector<base::IpAddress> PassivePeers::addresses() const {
  std::vector<base::IpAddress> addresses;
  for (const Peer& peer : peers_) addresses.push_back(peer.address);
  return addresses;
}

}  // namespace rtt::app
