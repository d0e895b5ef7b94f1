// The arithmetic of one direction of a DelayLink: when does which copy of a packet come out?
//
// Knows no clock and no device, so that it can be tested by itself. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "base/clock.h"
#include "support/impairment.h"

namespace rtt::support {

class LinkDirection {
 public:
  explicit LinkDirection(std::uint64_t seed) : random_(seed) {}

  void set(const Impairment& impairment) { impairment_ = impairment; }

  /// When each copy of a packet that comes in now goes out; none: it is lost. `now` never falls.
  [[nodiscard]] std::vector<base::TimePoint> pass(const IpPacket& packet, std::size_t bytes,
                                                  base::TimePoint now);

 private:
  [[nodiscard]] bool chance(double probability);
  /// When the bottleneck has let it through; nothing: its queue is full.
  [[nodiscard]] std::optional<base::TimePoint> through_bottleneck(std::size_t bytes,
                                                                  base::TimePoint now);

  Impairment impairment_;
  std::mt19937_64 random_;
  base::TimePoint bottleneck_free_;
  base::TimePoint last_due_;
};

}  // namespace rtt::support
