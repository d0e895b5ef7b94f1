// What one direction of a DelayLink does to packets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "support/ip_packet.h"

namespace rtt::support {

using PacketMatch = std::function<bool(const IpPacket&)>;

struct Impairment {
  std::chrono::nanoseconds delay{0};
  /// Up to this much more, evenly distributed; packets stay in order.
  std::chrono::nanoseconds jitter{0};
  /// Chances from 0 to 1, drawn per packet from the link's seed.
  double loss = 0;
  double duplicate = 0;
  /// A reordered packet is held back by `reorder_hold` while later ones pass.
  double reorder = 0;
  std::chrono::nanoseconds reorder_hold = std::chrono::milliseconds(10);
  /// 0: unlimited. What does not fit into the queue before the bottleneck is dropped.
  std::uint64_t bits_per_second = 0;
  std::size_t queue_bytes = 256 * 1024;
  /// Drops what it says, for losses that are exact. Called on the link's thread.
  PacketMatch drop = {};
  /// Duplicates what it says.
  PacketMatch duplicate_exactly = {};
};

/// True for every nth packet that matches, the nth first.
[[nodiscard]] PacketMatch every_nth(std::uint64_t n, PacketMatch match);

}  // namespace rtt::support
