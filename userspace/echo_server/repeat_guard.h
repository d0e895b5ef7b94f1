// Ends loops with services that answer everything: what goes round between two servers is always the
// same datagram, so withholding one answer is the end of it.
//
// Of equal datagrams from one source that come without a pause every kRun-th is refused: a loop ends
// after so many rounds. Senders of different datagrams, as probes are, or of slow ones never notice,
// nor does what the network duplicates.
//
// 16,384 places of 8 bytes, found by a hash with a random part. Constant time. Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"

namespace rtt::echo_server {

class RepeatGuard {
 public:
  static constexpr std::uint8_t kRun = 16;
  /// Longer than a datagram takes to go round, about, and shorter than a second between probes.
  static constexpr base::nanoseconds kPause = std::chrono::milliseconds(900);

  RepeatGuard();

  /// Call for each datagram that would be answered: whether it may be.
  [[nodiscard]] bool allows(const base::IpAddress& source, std::uint16_t port,
                            std::span<const std::uint8_t> bytes, base::TimePoint now);

 private:
  struct Place {
    std::uint32_t tag = 0;
    std::uint16_t when = 0;  // the latest one came, in ticks modulo 2^16
    std::uint16_t run = 0;   // equal ones without a pause; 0: free
  };

  const std::uint64_t secret_;
  std::vector<Place> places_;
};

}  // namespace rtt::echo_server
