// Notices that replies come by another path: with another hop limit than the one before.
//
// Not thread-safe. Memory: 24 bytes per address and lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ip_address.h"

namespace rtt::probers {

class PathWatch {
 public:
  /// So many addresses and lanes are remembered, the latest.
  static constexpr std::size_t kMost = 256;

  /// Call once per probe, with its first reply. `lane`: what equal-cost paths are chosen by (an
  /// ICMP identifier, a source port). Whether the previous reply from there on this lane had
  /// another hop limit.
  [[nodiscard]] bool changed(std::uint32_t lane, const base::IpAddress& from,
                             std::uint8_t hop_limit);

 private:
  struct Seen {
    base::IpAddress from;
    std::uint32_t lane;
    std::uint8_t hop_limit;
  };
  std::vector<Seen> seen_;  // the oldest first
};

}  // namespace rtt::probers
