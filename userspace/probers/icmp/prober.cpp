#include "probers/icmp/prober.h"

#include <utility>

namespace rtt::probers::icmp {

using metrics::FailureReason;

IcmpProber::IcmpProber(IcmpEngine& engine, std::shared_ptr<Peer> peer, const Options& options,
                       std::uint16_t filler_sum)
    : engine_(engine), peer_(std::move(peer)), options_(options), filler_sum_(filler_sum) {}

IcmpProber::~IcmpProber() { engine_.cancel(*peer_); }

void IcmpProber::probe() {
  if (!address_) return fail(FailureReason::kUnresolved);
  if (!is_unicast(*address_)) return fail(FailureReason::kSendError);
  const int family = address_->family();
  const auto& source = options_.socket.source;
  if (source && source->family() != family) return fail(FailureReason::kNoRoute);
  const auto channel = next_channel(family);
  if (const auto* reason = std::get_if<FailureReason>(&channel)) return fail(*reason);
  engine_.start(std::get<OpenChannel>(channel), peer_, *address_, filler_sum_);
}

std::variant<IcmpProber::OpenChannel, FailureReason> IcmpProber::next_channel(int family) {
  auto& lanes = channels_[family == AF_INET ? 0 : 1];
  lanes.resize(options_.identifiers);
  const std::size_t lane = next_lane_++ % lanes.size();
  OpenChannel& open = lanes[lane];
  if (open && open->channel->usable()) return open;
  open.reset();
  auto opened = engine_.channel({.family = family,
                                 .options = options_.socket,
                                 .dont_fragment = options_.dont_fragment,
                                 .lane = static_cast<std::uint8_t>(lane)});
  if (const auto* channel = std::get_if<OpenChannel>(&opened)) open = *channel;
  return opened;
}

void IcmpProber::fail(FailureReason reason) {
  peer_->series->sent();
  peer_->series->failed(reason);
}

}  // namespace rtt::probers::icmp
