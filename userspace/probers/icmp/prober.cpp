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
  if (options_.source && options_.source->family() != family) return fail(FailureReason::kNoRoute);
  const auto open = channel(family);
  if (!open) return fail(FailureReason::kNoRoute);
  engine_.start(open, peer_, *address_, filler_sum_);
}

std::shared_ptr<IcmpEngine::OpenChannel> IcmpProber::channel(int family) {
  auto& channel = channels_[family == AF_INET ? 0 : 1];
  if (!channel) channel = engine_.channel({family, options_.source, options_.dscp});
  return channel;
}

void IcmpProber::fail(FailureReason reason) {
  peer_->series->sent();
  peer_->series->failed(reason);
}

}  // namespace rtt::probers::icmp
