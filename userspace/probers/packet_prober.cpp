#include "probers/packet_prober.h"

#include <utility>

namespace rtt::probers {

using metrics::FailureReason;

PacketProber::PacketProber(PacketEngine& engine, std::shared_ptr<Peer> peer, PacketPlan plan)
    : engine_(engine), peer_(std::move(peer)), plan_(std::move(plan)) {}

PacketProber::~PacketProber() { engine_.cancel(*peer_); }

void PacketProber::probe() {
  if (!address_) return fail(FailureReason::kUnresolved);
  if (!is_unicast(*address_)) return fail(FailureReason::kSendError);
  const int family = address_->family();
  const auto& source = plan_.socket.source;
  if (source && source->family() != family) return fail(FailureReason::kNoRoute);
  const auto channel = next_channel(family);
  if (const auto* reason = std::get_if<FailureReason>(&channel)) return fail(*reason);
  engine_.start(std::get<OpenChannel>(channel), peer_, *address_, plan_);
}

PacketEngine::Channel PacketProber::next_channel(int family) {
  auto& lanes = channels_[family == AF_INET ? 0 : 1];
  lanes.resize(plan_.lanes);
  const std::size_t lane = next_lane_++ % lanes.size();
  OpenChannel& open = lanes[lane];
  if (open && engine_.usable(*open)) return open;
  open.reset();
  auto channel = engine_.channel({.family = family,
                                  .socket = plan_.socket,
                                  .dont_fragment = plan_.dont_fragment,
                                  .lane = static_cast<std::uint16_t>(lane)});
  if (const auto* opened = std::get_if<OpenChannel>(&channel)) open = *opened;
  return channel;
}

void PacketProber::fail(FailureReason reason) {
  peer_->series->sent();
  peer_->series->failed(reason);
}

}  // namespace rtt::probers
