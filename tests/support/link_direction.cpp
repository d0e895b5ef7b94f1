#include "support/link_direction.h"

#include <algorithm>

namespace rtt::support {

using base::nanoseconds;
using base::TimePoint;

bool LinkDirection::chance(double probability) {
  return probability > 0 && std::uniform_real_distribution<double>()(random_) < probability;
}

std::optional<TimePoint> LinkDirection::through_bottleneck(std::size_t bytes, TimePoint now) {
  if (impairment_.bits_per_second == 0) return now;
  const double nanoseconds_per_byte = 8e9 / static_cast<double>(impairment_.bits_per_second);
  const TimePoint start = std::max(now, bottleneck_free_);
  const double queued = static_cast<double>((start - now).count()) / nanoseconds_per_byte;
  if (queued + static_cast<double>(bytes) > static_cast<double>(impairment_.queue_bytes)) {
    return std::nullopt;
  }
  const double busy = nanoseconds_per_byte * static_cast<double>(bytes);
  bottleneck_free_ = start + nanoseconds(static_cast<std::int64_t>(busy));
  return bottleneck_free_;
}

std::vector<TimePoint> LinkDirection::pass(const IpPacket& packet, std::size_t bytes,
                                           TimePoint now) {
  const bool dropped = impairment_.drop && impairment_.drop(packet);
  if (dropped || chance(impairment_.loss)) return {};
  const std::optional<TimePoint> sent = through_bottleneck(bytes, now);
  if (!sent) return {};
  TimePoint due = *sent + impairment_.delay;
  if (impairment_.jitter > nanoseconds(0)) {
    due += nanoseconds(
        std::uniform_int_distribution<std::int64_t>(0, impairment_.jitter.count())(random_));
  }
  if (chance(impairment_.reorder)) {
    due += impairment_.reorder_hold;
  } else {
    due = last_due_ = std::max(due, last_due_);
  }
  const bool twice = (impairment_.duplicate_exactly && impairment_.duplicate_exactly(packet)) ||
                     chance(impairment_.duplicate);
  return std::vector<TimePoint>(twice ? 2 : 1, due);
}

}  // namespace rtt::support
