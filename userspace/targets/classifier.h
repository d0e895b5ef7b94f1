// Remote address and local port -> slot: longest prefix, then local port, then "other" (the rule of
// design "Words"). The userspace twin of bpf/classify.bpf.h, and the source of the prefixes that it
// is loaded with.
//
// One classifier belongs to one configuration. Not thread-safe: lives on the control loop.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "targets/peer_table.h"

namespace rtt::targets {

class Classifier {
 public:
  /// Knows the configured networks and local ports; host peers are unknown until set_addresses().
  /// `counted`: per slot, whether its series exist. A prefix or port of another slot still matches,
  /// so that its traffic does not fall to a broader prefix, but names kOtherSlot.
  Classifier(const PeerTable& peers, const std::vector<bool>& counted);

  /// What a host peer resolves to now; replaces what it resolved to before. An address that several
  /// host peers resolve to names the one with the lowest slot. Returns whether prefixes() changed.
  bool set_addresses(Slot slot, std::vector<base::IpAddress> addresses);

  [[nodiscard]] Slot classify(const base::IpAddress& remote, std::uint16_t local_port) const;
  /// Rises whenever an answer of classify() may have changed.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  /// Every prefix with its slot; host addresses as /128 (a configured /32 or /128 goes before
  /// them). A match with kOtherSlot is a match: no broader prefix and no local port is asked.
  [[nodiscard]] std::map<base::IpPrefix, Slot> prefixes() const;
  /// Host byte order.
  [[nodiscard]] const std::unordered_map<std::uint16_t, Slot>& local_ports() const {
    return local_ports_;
  }

 private:
  using SlotByAddress = std::unordered_map<base::IpAddress, Slot>;

  [[nodiscard]] Slot exposed(Slot slot) const { return counted_[slot] ? slot : kOtherSlot; }
  [[nodiscard]] SlotByAddress& single_addresses() { return levels_.front().second; }
  void unclaim(Slot slot, const base::IpAddress& address);
  bool update_host(const base::IpAddress& address);

  std::vector<bool> counted_;
  std::map<base::IpPrefix, Slot> networks_;
  // The prefixes by length, longest first. Length 128 is always there and has the host addresses as
  // well.
  std::vector<std::pair<unsigned, SlotByAddress>> levels_;
  std::unordered_map<Slot, std::vector<base::IpAddress>> host_addresses_;
  std::unordered_map<base::IpAddress, std::vector<Slot>> claims_;  // the slots of each, rising
  std::unordered_map<std::uint16_t, Slot> local_ports_;
  std::uint64_t version_ = 0;
};

}  // namespace rtt::targets
