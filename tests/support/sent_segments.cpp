#include "support/sent_segments.h"

#include <algorithm>

namespace rtt::support {
namespace {

// Far enough from 0 that numbers before the first one stay positive.
constexpr std::uint64_t kOffset = std::uint64_t{1} << 32;

}  // namespace

void SentSegments::start(std::uint32_t sequence) {
  segments_.clear();
  next_ = acknowledged_ = kOffset + sequence;
}

std::uint64_t SentSegments::unwrap(std::uint32_t sequence) const {
  const auto distance = static_cast<std::int32_t>(sequence - static_cast<std::uint32_t>(next_));
  return next_ + static_cast<std::uint64_t>(std::int64_t{distance});
}

SentSegments::Segments::iterator SentSegments::split(std::uint64_t at) {
  const auto after = segments_.lower_bound(at);
  if (after == segments_.begin()) return after;
  Segment& before = std::prev(after)->second;
  if (before.end <= at) return after;
  Segment rest = before;
  before.end = at;
  return segments_.emplace_hint(after, at, rest);
}

bool SentSegments::sent(std::uint32_t sequence, std::size_t bytes, base::nanoseconds time) {
  const std::uint64_t begin = unwrap(sequence);
  const std::uint64_t end = begin + bytes;
  split(end);
  for (auto again = split(begin); again != segments_.end() && again->first < end; ++again) {
    again->second.retransmitted = true;
  }
  const std::uint64_t fresh = std::max(begin, next_);
  if (fresh < end) {
    segments_.emplace(fresh, Segment{.end = end, .time = time});
    next_ = end;
  }
  return begin >= acknowledged_;
}

std::optional<base::nanoseconds> SentSegments::acknowledged(std::uint32_t acknowledgment) {
  const std::uint64_t ack = unwrap(acknowledgment);
  if (ack > next_) return std::nullopt;
  acknowledged_ = std::max(acknowledged_, ack);
  std::optional<base::nanoseconds> newest;
  const auto uncovered = split(ack);
  for (auto segment = segments_.begin(); segment != uncovered; ++segment) {
    if (segment->second.retransmitted || segment->second.sacked) continue;
    newest = std::max(newest.value_or(segment->second.time), segment->second.time);
  }
  segments_.erase(segments_.begin(), uncovered);
  return newest;
}

void SentSegments::sacked(std::uint32_t left, std::uint32_t right) {
  const std::uint64_t end = unwrap(right);
  split(end);
  for (auto segment = split(unwrap(left)); segment != segments_.end() && segment->first < end;
       ++segment) {
    segment->second.sacked = true;
  }
}

}  // namespace rtt::support
