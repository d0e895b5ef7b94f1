#include "passive/tcp_info_connections.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace rtt::passive {
namespace {

constexpr std::size_t kLeastCapacity = 64;

// The kernel numbers sockets as it first dumps them, so neighbours in a dump are mostly neighbours
// in number: they share cache lines here. Only small blocks do, spread by Fibonacci hashing, or
// long runs would pile up on each other.
std::size_t home(std::uint64_t cookie, std::size_t capacity) {
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15U;
  constexpr std::uint64_t kBlock = 8;
  const std::uint64_t block = (cookie / kBlock * kGoldenRatio) >> 32;
  return static_cast<std::size_t>(block * kBlock + cookie % kBlock) & (capacity - 1);
}

// Half the range in one poll would be a thousand times what the fastest link carries: a larger
// step is backwards, because the socket was disconnected and used again.
bool went_back(std::uint32_t from, std::uint32_t to) {
  constexpr std::uint32_t kHalf = std::uint32_t{1} << 31;
  return to - from >= kHalf;
}

SegmentGrowth growth(SegmentCounters from, SegmentCounters to) {
  if (went_back(from.sent, to.sent) || went_back(from.retransmitted, to.retransmitted)) from = {};
  return {to.sent - from.sent, to.retransmitted - from.retransmitted};
}

}  // namespace

ConnectionTable::ConnectionTable() : entries_(kLeastCapacity) {}

ConnectionTable::Entry& ConnectionTable::find(std::uint64_t cookie) {
  std::size_t index = home(cookie, entries_.size());
  while (entries_[index].cookie != 0 && entries_[index].cookie != cookie) {
    index = (index + 1) & (entries_.size() - 1);
  }
  return entries_[index];
}

ConnectionTable::Entry& ConnectionTable::insert(Entry& free, const Entry& entry) {
  Entry* place = &free;
  if ((used_ + 1) * 4 > entries_.size() * 3) {
    rebuild(0);
    place = &find(entry.cookie);
  }
  ++used_;
  *place = entry;
  return *place;
}

// Keeps what was visited since `oldest_poll` and is not closed; 0 keeps all.
void ConnectionTable::rebuild(std::uint32_t oldest_poll) {
  const auto keep = [oldest_poll](const Entry& entry) {
    return entry.cookie != 0 &&
           (oldest_poll == 0 || (entry.poll != kClosed && entry.poll >= oldest_poll));
  };
  const auto kept = static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), keep));
  if (kept == used_ && oldest_poll != 0) return;
  // Between a quarter and a half full, so that the next rebuild is far.
  const std::size_t capacity = std::max(kLeastCapacity, std::bit_ceil(kept * 2 + 1));
  const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(capacity));
  for (const Entry& entry : old) {
    if (keep(entry)) find(entry.cookie) = entry;
  }
  used_ = kept;
}

void ConnectionTable::begin_poll(base::TimePoint now) {
  assert(!polling_);
  polling_ = true;
  poll_start_ = now;
  ++poll_;
}

ConnectionTable::Visit ConnectionTable::visit(std::uint64_t cookie, SegmentCounters counters,
                                              bool history_counts) {
  assert(polling_);
  if (cookie == 0) return {};
  Entry& entry = find(cookie);
  if (entry.cookie == 0) {
    const SegmentCounters start = has_baseline() && history_counts ? SegmentCounters{} : counters;
    Entry& inserted = insert(entry, {cookie, counters, poll_});
    return {true, growth(start, counters), &inserted.peer};
  }
  if (entry.poll == kClosed || entry.poll == poll_) return {};
  entry.poll = poll_;
  return {true, growth(std::exchange(entry.counted, counters), counters), &entry.peer};
}

void ConnectionTable::end_poll(bool complete, base::TimePoint now) {
  assert(polling_);
  polling_ = false;
  if (complete) {
    if (!has_baseline()) baseline_ = now;
    std::rotate(complete_polls_.rbegin(), complete_polls_.rbegin() + 1, complete_polls_.rend());
    complete_polls_[0] = {poll_, poll_start_};
  }
  // Even if no poll is ever complete, memory stays bounded.
  constexpr std::uint32_t kMostPolls = 100;
  const std::uint32_t oldest =
      complete ? complete_polls_.back().number : poll_ - std::min(poll_, kMostPolls);
  rebuild(std::max(oldest, std::uint32_t{1}));
}

// A socket may be gone from the dumps long before it is destroyed (reset, but not yet closed by
// its program), and was counted and forgotten then. Its last segment tells: what was visited and
// then missing in three polls has been idle since before the last but one began.
ConnectionTable::Closed ConnectionTable::closed(std::uint64_t cookie, SegmentCounters counters,
                                                base::nanoseconds idle, base::TimePoint now) {
  if (cookie == 0) return {};
  Entry& entry = find(cookie);
  if (entry.cookie != 0) {
    if (std::exchange(entry.poll, kClosed) == kClosed) return {};
    return {growth(std::exchange(entry.counted, counters), counters), entry.peer};
  }
  // The running dump may still bring what the kernel wrote before the socket went.
  if (polling_) insert(entry, {cookie, counters, kClosed});
  if (!has_baseline() || now - idle < std::max(baseline_, complete_polls_[1].start)) return {};
  return {growth({}, counters), {}};
}

}  // namespace rtt::passive
