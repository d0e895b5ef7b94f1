#include "passive/tcp_info_slots.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

namespace rtt::passive {
namespace {

using std::chrono::microseconds;

// Of the TCP state machine; as in the kernel and in netinet/tcp.h.
constexpr std::uint8_t kEstablished = 1;

// Bounds the memory and the time of one delivery, about 2 ms.
constexpr std::size_t kMostReadings = 1 << 16;

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
                             std::vector<TcpInfoSource::SlotSeries> series) {
  assert(!series.empty() && series[0].rtt && series[0].connections);
  deliver();
  classifier_ = &classifier;
  classifier_version_ = classifier.version();
  ++classification_;
  slots_.clear();
  slots_.reserve(series.size());
  for (TcpInfoSource::SlotSeries& one : series) {
    if (!one.rtt || !one.connections) one = {};
    slots_.push_back({std::move(one)});
  }
  counts_whole_ = false;
}

targets::Slot TcpInfoSlots::slot_of(const TcpSocketInfo& socket) const {
  const targets::Slot slot = classifier_->classify(socket.remote, socket.local_port);
  assert(slot < slots_.size());
  return slots_[slot].series.rtt ? slot : targets::kOtherSlot;
}

targets::Slot TcpInfoSlots::slot_of(const TcpSocketInfo& socket, KnownPeer& peer) {
  if (std::exchange(classifier_version_, classifier_->version()) != classifier_->version()) {
    ++classification_;
  }
  const std::uint32_t endpoint = hash_of_endpoint(socket);
  if (peer.classification != classification_ || peer.endpoint != endpoint) {
    peer = {slot_of(socket), endpoint, classification_};
  }
  return peer.slot;
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

void TcpInfoSlots::add_segments(const TcpSocketInfo& socket, SegmentGrowth growth) {
  if (growth.any()) {
    slots_[slot_of(socket)].series.connections->add_segments(growth.sent, growth.retransmitted);
  }
}

void TcpInfoSlots::end_poll(bool complete) {
  deliver();
  if (!complete || !counts_whole_) return;
  for (Slot& slot : slots_) {
    if (!slot.series.connections || slot.published_connections == slot.connections) continue;
    slot.series.connections->set_connections(slot.connections);
    slot.published_connections = slot.connections;
  }
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
}

void TcpInfoSlots::deliver_to(Slot& slot, std::span<const Rtt> rtts) {
  if (slot.segments_sent != 0 || slot.segments_retransmitted != 0) {
    slot.series.connections->add_segments(std::exchange(slot.segments_sent, 0),
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
  slot.series.rtt->observe(srtts_);
  slot.series.connections->observe(rtts_);
}

}  // namespace rtt::passive
