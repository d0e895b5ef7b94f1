// One UDP socket, which is one source port, and the datagrams on it. It is not connected, so that
// any number of peers share it.
#pragma once

#include "probers/packet_engine.h"

namespace rtt::probers::udp_echo {

class Channel final : public PacketChannel {
 public:
  /// Failure: what the kernel refused.
  [[nodiscard]] static OpenedChannel open(const ChannelSettings& settings, std::uint32_t number);

  [[nodiscard]] RequestHead request_head(std::uint16_t sequence, std::uint64_t token,
                                         std::uint16_t filler_sum) const override;

 private:
  Channel(base::UniqueFd socket, int family, std::uint16_t port, std::uint32_t number);

  [[nodiscard]] Tracker::Verdict on_message(const ReceiveBatch::Message& message,
                                            const Arrival& arrival,
                                            Tracker& tracker) const override;
  [[nodiscard]] Tracker::Verdict on_error(const ReceiveBatch::Message& message,
                                          const Arrival& arrival, Tracker& tracker) const override;

  const int family_;
  const std::uint16_t port_;
};

}  // namespace rtt::probers::udp_echo
