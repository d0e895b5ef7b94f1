// The peers of a configuration, each with its slot: the number under which passive traffic is
// counted.
//
// Immutable; belongs to one configuration; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip_prefix.h"
#include "config/config.h"

namespace rtt::targets {

/// Index into PeerTable::peers().
using Slot = std::uint32_t;

/// Slot 0: target "other", peer "": what no configured peer names.
inline constexpr Slot kOtherSlot = 0;
inline constexpr const char* kOtherTarget = "other";

enum class PeerKind { kOther, kHost, kPrefix, kLocalPort };

struct Peer {
  PeerKind kind = PeerKind::kOther;
  std::string target;
  std::string
      label;  // the value of the label `peer`: host or network as configured, ":443" for a port
  std::vector<std::pair<std::string, std::string>> constant_labels;
  std::optional<base::IpPrefix> prefix;  // kPrefix
  std::uint16_t local_port = 0;          // kLocalPort, host byte order
  // kHost, as in config::Target.
  std::vector<std::size_t> probes;
  bool all_addresses = false;
  config::IpFamily ip_family = config::IpFamily::kAny;
};

class PeerTable {
 public:
  /// In the order of the configuration: per target its hosts, networks, local ports; "other" first.
  explicit PeerTable(const config::Config& config);

  [[nodiscard]] std::span<const Peer> peers() const { return peers_; }
  [[nodiscard]] const Peer& peer(Slot slot) const { return peers_[slot]; }
  [[nodiscard]] Slot size() const { return static_cast<Slot>(peers_.size()); }

 private:
  std::vector<Peer> peers_;
};

}  // namespace rtt::targets
