#include "probers/probe_table.h"

#include <cassert>
#include <utility>

namespace rtt::probers {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;
constexpr std::size_t kFirstBuckets = 64;

}  // namespace

ProbeTable::ProbeTable() : buckets_(kFirstBuckets, kNone), first_free_(kNone) {}

// Sequence numbers are consecutive, so they spread evenly without further hashing.
std::uint32_t& ProbeTable::bucket_of(Origin origin) {
  return buckets_[(origin.sequence + origin.channel * 0x9e37U) & (buckets_.size() - 1)];
}

Handle ProbeTable::insert(std::uint64_t token, std::shared_ptr<Peer> peer,
                          const base::IpAddress& destination, Origin origin) {
  assert(token != 0);
  if (size_ == buckets_.size()) grow_buckets();
  const std::uint32_t index = take_place();
  Probe& probe = probes_[index];
  probe.token = token;
  probe.peer = std::move(peer);
  probe.destination = destination;
  probe.origin = origin;
  link(index);
  ++size_;
  return {index, token};
}

void ProbeTable::erase(Handle handle) {
  if (find(handle) == nullptr) return;
  unlink(handle.index);
  probes_[handle.index] = Probe{};
  probes_[handle.index].next = first_free_;
  first_free_ = handle.index;
  --size_;
}

Probe* ProbeTable::find(Handle handle) {
  if (handle.index >= probes_.size() || handle.token == 0) return nullptr;
  Probe& probe = probes_[handle.index];
  return probe.token == handle.token ? &probe : nullptr;
}

Probe* ProbeTable::find(Origin origin, std::uint64_t token) {
  for (std::uint32_t i = bucket_of(origin); i != kNone; i = probes_[i].next) {
    if (probes_[i].token == token && probes_[i].origin == origin) return &probes_[i];
  }
  return nullptr;
}

Probe* ProbeTable::find_only(Origin origin, const base::IpAddress& destination) {
  Probe* only = nullptr;
  for (std::uint32_t i = bucket_of(origin); i != kNone; i = probes_[i].next) {
    if (probes_[i].origin != origin || probes_[i].destination != destination) continue;
    if (only != nullptr) return nullptr;
    only = &probes_[i];
  }
  return only;
}

std::uint32_t ProbeTable::take_place() {
  if (first_free_ == kNone) {
    probes_.emplace_back();
    return static_cast<std::uint32_t>(probes_.size() - 1);
  }
  return std::exchange(first_free_, probes_[first_free_].next);
}

void ProbeTable::link(std::uint32_t index) {
  probes_[index].next = std::exchange(bucket_of(probes_[index].origin), index);
}

void ProbeTable::unlink(std::uint32_t index) {
  std::uint32_t* link = &bucket_of(probes_[index].origin);
  while (*link != index) link = &probes_[*link].next;
  *link = probes_[index].next;
}

void ProbeTable::grow_buckets() {
  buckets_.assign(buckets_.size() * 2, kNone);
  for (std::uint32_t i = 0; i < probes_.size(); ++i) {
    if (probes_[i].token != 0) link(i);
  }
}

}  // namespace rtt::probers
