// What is known of each connection between two polls: how far its segment counters were counted.
//
// Gives the growth of counters over connections that come and go, so that a sum over it never
// jumps:
//  - the history of connections that are older than the first complete poll is not counted;
//  - a connection born later counts from its start;
//  - a connection that a poll misses (the kernel's dump is no snapshot) is kept for two more;
//  - a socket that is used for another connection starts again at 0;
//  - a counter that wraps goes on.
//
// Memory: 43 to 128 bytes per connection. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace rtt::passive {

/// As the kernel counts them: modulo 2^32.
struct SegmentCounters {
  std::uint32_t sent = 0;
  std::uint32_t retransmitted = 0;
};

struct SegmentGrowth {
  std::uint32_t sent = 0;
  std::uint32_t retransmitted = 0;

  [[nodiscard]] bool any() const { return sent != 0 || retransmitted != 0; }
};

/// What the last poll found out of a connection's peer; the table only keeps it.
struct KnownPeer {
  std::uint32_t slot = 0;
  std::uint32_t endpoint = 0;        // a hash: another one is another connection of the same socket
  std::uint32_t classification = 0;  // 0: nothing is known yet
};

class ConnectionTable {
 public:
  ConnectionTable();

  void begin_poll(base::TimePoint now);
  struct Visit {
    bool first_in_poll = false;  // false: the dump shows the connection a second time
    SegmentGrowth growth;
    KnownPeer* peer = nullptr;  // of first_in_poll: the caller's, until its next call
  };
  /// One connection of the poll. `history_counts`: if it was not there before, it is new. Precondition:
  /// between begin_poll() and end_poll().
  [[nodiscard]] Visit visit(std::uint64_t cookie, SegmentCounters counters,
                            bool history_counts = true);
  /// `complete`: every connection was visited. Forgets connections that are gone.
  void end_poll(bool complete, base::TimePoint now);

  struct Closed {
    SegmentGrowth growth;
    KnownPeer peer;  // as the last poll left it
  };
  /// The last counters of a socket that is gone, at any time. `idle`: since its last segment.
  [[nodiscard]] Closed closed(std::uint64_t cookie, SegmentCounters counters,
                              base::nanoseconds idle, base::TimePoint now);

  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  struct Entry {
    std::uint64_t cookie = 0;  // 0: free; the kernel counts from 1
    SegmentCounters counted;
    std::uint32_t poll = 0;  // of the last visit, or kClosed
    KnownPeer peer = {};
  };
  static_assert(sizeof(Entry) == 32, "two in a cache line");
  static constexpr std::uint32_t kClosed = ~std::uint32_t{0};
  struct CompletePoll {
    std::uint32_t number = 0;
    base::TimePoint start;
  };

  [[nodiscard]] Entry& find(std::uint64_t cookie);
  Entry& insert(Entry& free, const Entry& entry);
  void rebuild(std::uint32_t oldest_poll);
  [[nodiscard]] bool has_baseline() const { return complete_polls_[0].number != 0; }

  std::vector<Entry> entries_;  // open addressing, linear probing; a power of two
  std::size_t used_ = 0;
  std::uint32_t poll_ = 0;
  bool polling_ = false;
  base::TimePoint poll_start_;
  base::TimePoint baseline_;                      // end of the first complete poll
  std::array<CompletePoll, 3> complete_polls_{};  // the latest first
};

}  // namespace rtt::passive
