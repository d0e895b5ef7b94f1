// Which of the addresses that this host talks to are worth being pinged as well: the busiest, so
// many at most, for as long as they talk.
//
// A pure function of what it is told; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "passive/remote_activity.h"

namespace rtt::app {

class PassivePeers {
 public:
  struct Limits {
    std::size_t max_peers;
    base::nanoseconds expire_after;  // without a segment
  };

  /// What was sent since the last call, the busiest first. An address that is a peer already must be
  /// in it if it is busy at all. A peer makes room only for an address more than twice as busy, so
  /// that two of the same kind do not take turns. Returns whether addresses() changed.
  bool update(std::span<const passive::ActiveRemote> busiest, base::TimePoint now,
              const Limits& limits);

  /// Forgets the peers outside.
  void keep_inside(std::span<const base::IpPrefix> networks);

  /// Each keeps its place for as long as it is a peer.
  [[nodiscard]] std::vector<base::IpAddress> addresses() const;

 private:
  struct Peer {
    base::IpAddress address;
    base::TimePoint last_busy;
    double segments = 0;  // per call, the last calls counting most
  };

  std::vector<Peer> peers_;
};

}  // namespace rtt::app
