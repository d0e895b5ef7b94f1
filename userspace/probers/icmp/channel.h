// One ICMP socket and the echo requests on it.
#pragma once

#include <cstdint>
#include <memory>
#include <set>

#include "probers/icmp/packet.h"
#include "probers/icmp/socket.h"
#include "probers/packet_engine.h"

namespace rtt::probers::icmp {

/// The identifiers of an engine's channels, each in use once.
using Identifiers = std::multiset<std::uint16_t>;

class Channel final : public PacketChannel {
 public:
  /// Failure: as open_socket().
  [[nodiscard]] static OpenedChannel open(const ChannelSettings& settings, std::uint32_t number,
                                          const std::shared_ptr<Identifiers>& used);
  ~Channel() override;

  [[nodiscard]] RequestHead request_head(std::uint16_t sequence, std::uint64_t token,
                                         std::uint16_t filler_sum) const override;

 private:
  Channel(Socket socket, int family, std::uint32_t number, std::shared_ptr<Identifiers> used);

  [[nodiscard]] Tracker::Verdict on_message(const ReceiveBatch::Message& message,
                                            const Arrival& arrival,
                                            Tracker& tracker) const override;
  [[nodiscard]] Tracker::Verdict on_error(const ReceiveBatch::Message& message,
                                          const Arrival& arrival, Tracker& tracker) const override;
  [[nodiscard]] Parsed parse(ByteSpan message) const;
  [[nodiscard]] Tracker::Verdict handle(const Parsed& parsed, const Arrival& arrival,
                                        Tracker& tracker) const;

  const int family_;
  const EchoSocketKind kind_;
  const std::uint16_t identifier_;
  const std::shared_ptr<Identifiers> used_;
};

}  // namespace rtt::probers::icmp
