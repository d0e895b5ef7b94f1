#include "passive/tcp_info_slots.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

#include "passive/owner_series.h"

namespace rtt::passive {
namespace {

using std::chrono::microseconds;

// Of the TCP state machine; as in the kernel and in netinet/tcp.h.
constexpr std::uint8_t kEstablished = 1;

// Bounds the memory and the time of one delivery, about 2 ms.
constexpr std::size_t kMostReadings = 1 << 16;

// Long enough that what is remembered of connections is not void all the time.
constexpr base::nanoseconds kOwnerSlotLife = std::chrono::minutes(1);

std::uint32_t hash_of_endpoint(const TcpSocketInfo& socket) {
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15U;
  std::uint64_t words[2];
  static_assert(sizeof words == sizeof socket.remote.bytes());
  std::memcpy(words, socket.remote.bytes().data(), sizeof words);
  const std::uint64_t hash = (words[0] * kGoldenRatio ^ words[1]) * kGoldenRatio;
  return static_cast<std::uint32_t>((hash ^ socket.local_port) * kGoldenRatio >> 32);
}

}  // namespace

void TcpInfoSlots::configure(const targets::Classifier& classifier,
                             std::vector<TcpInfoSource::SlotSeries> series,
                             const OwnerCounting* owning) {
  assert(!series.empty() && series[0].rtt && series[0].connections);
  deliver();
  classifier_ = &classifier;
  classifier_version_ = classifier.version();
  ++classification_;
  slots_.clear();
  slots_.reserve(series.size());
  for (TcpInfoSource::SlotSeries& one : series) {
    if (!one.rtt || !one.connections) one = {};
    slots_.emplace_back().series = std::move(one);
  }
  peers_ = slots_.size();
  owners_ = owning ? owning->owners : nullptr;
  owner_series_ = owning ? owning->series : nullptr;
  owner_slots_.clear();
  free_slots_.clear();
  counts_whole_ = false;
}

targets::Slot TcpInfoSlots::peer_of(const TcpSocketInfo& socket) const {
  const targets::Slot slot = classifier_->classify(socket.remote, socket.local_port);
  assert(slot < slots_.size());
  return slots_[slot].series.rtt ? slot : targets::kOtherSlot;
}

// What is known of all connections is void when prefixes changed, or when a cgroup has another owner.
void TcpInfoSlots::note_changes() {
  const std::uint64_t owners_version = owners_ ? owners_->version() : 0;
  const bool same =
      classifier_version_ == classifier_->version() && owners_version_ == owners_version;
  if (same) return;
  classifier_version_ = classifier_->version();
  owners_version_ = owners_version;
  ++classification_;
}

targets::Slot TcpInfoSlots::slot_of(const TcpSocketInfo& socket, KnownPeer& peer) {
  note_changes();
  const std::uint32_t endpoint = hash_of_endpoint(socket);
  if (peer.classification == classification_ && peer.endpoint == endpoint) return peer.slot;
  peer = {peer_of(socket), endpoint, classification_};
  if (!owners_ || socket.cgroup == 0) return peer.slot;
  if (const auto owner = owners_->number(socket.cgroup)) {
    if (*owner != owners::kNobody) peer.slot = slot_of_owner(peer.slot, *owner);
  } else {
    peer.classification = 0;  // the cgroup may be known by the next poll
  }
  return peer.slot;
}

targets::Slot TcpInfoSlots::slot_of_owner(targets::Slot peer, owners::Number owner) {
  const auto [known, added] = owner_slots_.try_emplace({peer, owner}, 0);
  if (!added) return known->second;
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<targets::Slot>(slots_.size()));
    slots_.emplace_back();
  }
  known->second = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[known->second];
  slot = {};
  slot.peer = peer;
  slot.owner = owner;
  slot.last_seen = base::Clock::now();
  return known->second;
}

TcpInfoSource::SlotSeries TcpInfoSlots::series_of(const Slot& slot, std::uint64_t observations) {
  if (slot.owner == owners::kNobody) return slot.series;
  const TcpInfoSource::SlotSeries& of_peer = slots_[slot.peer].series;
  auto owned = owner_series_->of(of_peer.rtt->peer(), slot.owner, observations).tcp_info;
  return owned.rtt ? owned : of_peer;
}

void TcpInfoSlots::begin_poll() {
  for (Slot& slot : slots_) slot.connections = 0;
  counts_whole_ = true;
}

void TcpInfoSlots::visit(const TcpSocketInfo& socket, SegmentGrowth growth, KnownPeer& peer) {
  const targets::Slot number = slot_of(socket, peer);
  Slot& slot = slots_[number];
  slot.segments_sent += growth.sent;
  slot.segments_retransmitted += growth.retransmitted;
  if (socket.state != kEstablished) return;
  ++slot.connections;
  if (socket.srtt_us != 0) gather(number, {socket.srtt_us, socket.min_rtt_us});
}

void TcpInfoSlots::gather(targets::Slot slot, Rtt rtt) {
  readings_.push_back({slot, rtt});
  ++slots_[slot].readings;
  if (readings_.size() == kMostReadings) deliver();
}

void TcpInfoSlots::add_segments(const TcpSocketInfo& socket, SegmentGrowth growth,
                                const KnownPeer& peer) {
  if (!growth.any()) return;
  note_changes();
  // Of a closed socket the kernel does not say the cgroup.
  const bool known =
      peer.classification == classification_ && peer.endpoint == hash_of_endpoint(socket);
  const Slot& slot = slots_[known ? peer.slot : peer_of(socket)];
  series_of(slot, 0).connections->add_segments(growth.sent, growth.retransmitted);
  if (owner_series_) owner_series_->publish();
}

void TcpInfoSlots::end_poll(bool complete) {
  deliver();
  if (!complete || !counts_whole_) return;
  end_poll_of_owners();
  for (std::size_t i = 0; i < peers_; ++i) {
    if (slots_[i].series.connections) publish_connections(slots_[i]);
  }
}

void TcpInfoSlots::publish_connections(Slot& slot) {
  if (slot.published_connections == slot.connections) return;
  series_of(slot, 0).connections->set_connections(slot.connections);
  slot.published_connections = slot.connections;
}

// Before those of the peers: what has no series of its own is among theirs.
void TcpInfoSlots::end_poll_of_owners() {
  const base::TimePoint now = base::Clock::now();
  for (auto entry = owner_slots_.begin(); entry != owner_slots_.end();) {
    const targets::Slot number = entry->second;
    Slot& slot = slots_[number];
    if (slot.connections > 0) slot.last_seen = now;
    Slot& of_peer = slots_[slot.peer];
    if (slot.connections > 0 && series_of(slot, 0).connections == of_peer.series.connections) {
      of_peer.connections += slot.connections;
    } else if (slot.connections > 0 || slot.published_connections) {
      publish_connections(slot);
    }
    const bool gone = now - slot.last_seen > kOwnerSlotLife;
    entry = gone ? owner_slots_.erase(entry) : std::next(entry);
    if (!gone) continue;
    free_slots_.push_back(number);
    ++classification_;
  }
  if (owner_series_) owner_series_->publish();
}

// A counting sort.
void TcpInfoSlots::deliver() {
  by_slot_.resize(readings_.size());
  std::size_t begin = 0;
  for (Slot& slot : slots_) begin += std::exchange(slot.readings, begin);
  for (const Reading& reading : readings_) by_slot_[slots_[reading.slot].readings++] = reading.rtt;
  readings_.clear();
  begin = 0;
  for (Slot& slot : slots_) {
    const std::size_t end = std::exchange(slot.readings, 0);
    deliver_to(slot, std::span(by_slot_).subspan(begin, end - begin));
    begin = end;
  }
  if (owner_series_) owner_series_->publish();
}

void TcpInfoSlots::deliver_to(Slot& slot, std::span<const Rtt> rtts) {
  const bool any_segments = slot.segments_sent != 0 || slot.segments_retransmitted != 0;
  if (!any_segments && rtts.empty()) return;
  const TcpInfoSource::SlotSeries series = series_of(slot, rtts.size());
  if (any_segments) {
    series.connections->add_segments(std::exchange(slot.segments_sent, 0),
                                     std::exchange(slot.segments_retransmitted, 0));
  }
  if (rtts.empty()) return;
  srtts_.clear();
  rtts_.clear();
  for (const auto& [srtt_us, min_rtt_us] : rtts) {
    srtts_.emplace_back(microseconds(srtt_us));
    if (min_rtt_us == 0) continue;
    // The kernel forgets the samples behind the two at different speeds, so srtt can lie below.
    const std::uint32_t queueing_us = srtt_us - std::min(srtt_us, min_rtt_us);
    rtts_.push_back({microseconds(min_rtt_us), microseconds(queueing_us)});
  }
  series.rtt->observe(srtts_);
  series.connections->observe(rtts_);
}

}  // namespace rtt::passive
