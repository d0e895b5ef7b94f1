#include "targets/classifier.h"

#include <algorithm>
#include <cassert>
#include <set>

namespace rtt::targets {

Classifier::Classifier(const PeerTable& peers, const std::vector<bool>& counted)
    : counted_(counted) {
  assert(counted.size() == peers.size());
  std::set<unsigned, std::greater<>> lengths = {128};
  for (Slot slot = 0; slot < peers.size(); ++slot) {
    const Peer& peer = peers.peer(slot);
    if (peer.kind == PeerKind::kPrefix) {
      networks_.emplace(*peer.prefix, exposed(slot));
      lengths.insert(peer.prefix->length_in_128());
    } else if (peer.kind == PeerKind::kLocalPort) {
      local_ports_.emplace(peer.local_port, exposed(slot));
    }
  }
  for (const unsigned length : lengths) levels_.emplace_back(length, SlotByAddress());
  for (const auto& [prefix, slot] : networks_) {
    const auto level = std::find_if(levels_.begin(), levels_.end(), [&](const auto& candidate) {
      return candidate.first == prefix.length_in_128();
    });
    level->second.emplace(prefix.address(), slot);
  }
}

bool Classifier::set_addresses(Slot slot, std::vector<base::IpAddress> addresses) {
  assert(slot < counted_.size());
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  std::vector<base::IpAddress>& current = host_addresses_[slot];
  if (current == addresses) return false;

  std::vector<base::IpAddress> affected;
  std::set_symmetric_difference(current.begin(), current.end(), addresses.begin(), addresses.end(),
                                std::back_inserter(affected));
  for (const base::IpAddress& address : current) unclaim(slot, address);
  for (const base::IpAddress& address : addresses) {
    std::vector<Slot>& claimants = claims_[address];
    claimants.insert(std::lower_bound(claimants.begin(), claimants.end(), slot), slot);
  }
  current = std::move(addresses);

  bool changed = false;
  for (const base::IpAddress& address : affected) changed |= update_host(address);
  version_ += changed ? 1 : 0;
  return changed;
}

void Classifier::unclaim(Slot slot, const base::IpAddress& address) {
  const auto claim = claims_.find(address);
  std::erase(claim->second, slot);
  if (claim->second.empty()) claims_.erase(claim);
}

bool Classifier::update_host(const base::IpAddress& address) {
  if (networks_.contains(base::IpPrefix(address))) return false;
  const auto claim = claims_.find(address);
  if (claim == claims_.end()) return single_addresses().erase(address) > 0;
  const Slot slot = exposed(claim->second.front());
  const auto [entry, inserted] = single_addresses().emplace(address, slot);
  return inserted || std::exchange(entry->second, slot) != slot;
}

Slot Classifier::classify(const base::IpAddress& remote, std::uint16_t local_port) const {
  for (const auto& [length, slots] : levels_) {
    if (slots.empty()) continue;
    const auto match =
        slots.find(length == 128 ? remote : base::IpPrefix(remote, length).address());
    if (match != slots.end()) return match->second;
  }
  const auto port = local_ports_.find(local_port);
  return port == local_ports_.end() ? kOtherSlot : port->second;
}

std::map<base::IpPrefix, Slot> Classifier::prefixes() const {
  std::map<base::IpPrefix, Slot> result = networks_;
  for (const auto& [address, slot] : levels_.front().second) {
    result.emplace(base::IpPrefix(address), slot);
  }
  return result;
}

}  // namespace rtt::targets
