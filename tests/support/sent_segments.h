// What one side of a TCP connection has in flight, by what a capture shows of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/clock.h"

namespace rtt::support {

/// Sequence numbers are unwrapped to 64 bits. Not thread-safe.
class SentSegments {
 public:
  /// Where the sequence space begins: the number of the first byte of data.
  void start(std::uint32_t sequence);
  /// Whether all of it is new, or a retransmission of what is not acknowledged yet.
  bool sent(std::uint32_t sequence, std::size_t bytes, base::nanoseconds time);
  /// The sending time of the newest sample-worthy segment that this newly acknowledges.
  [[nodiscard]] std::optional<base::nanoseconds> acknowledged(std::uint32_t acknowledgment);
  void sacked(std::uint32_t left, std::uint32_t right);

 private:
  struct Segment {
    std::uint64_t end;
    base::nanoseconds time;
    bool retransmitted = false;
    bool sacked = false;
  };
  using Segments = std::map<std::uint64_t, Segment>;

  [[nodiscard]] std::uint64_t unwrap(std::uint32_t sequence) const;
  /// Makes `at` a boundary, and returns the first segment from there.
  Segments::iterator split(std::uint64_t at);

  Segments segments_;               // by their first byte; they do not overlap
  std::uint64_t next_ = 0;          // the first byte never sent
  std::uint64_t acknowledged_ = 0;  // the first byte not acknowledged
};

}  // namespace rtt::support
