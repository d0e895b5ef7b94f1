// The datagrams of udp_echo as bytes: the probe's sequence number and its random token (8 bytes
// each, big-endian), then filler up to the configured length. An echo is the same bytes.
//
// Pure functions: bytes in, values out. Every byte is hostile; what is not exactly what a prober
// could have sent is nothing, never an exception or a read past the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "metrics/failure_reason.h"
#include "probers/packet_sender.h"
#include "probers/tracker.h"

namespace rtt::probers::udp_echo {

inline constexpr std::size_t kLeastPayloadBytes = sizeof(RequestHead);
/// One packet on an Ethernet path, a tunnel header included.
inline constexpr std::size_t kMostPayloadBytes = 1400;

[[nodiscard]] RequestHead request_head(std::uint16_t sequence, std::uint64_t token);

/// The payload of a datagram that came back.
[[nodiscard]] std::optional<Echo> parse_reply(ByteSpan payload);

/// What an error quotes of a request's payload, from its beginning on. Nothing when the quote ends
/// before the token: the 8 bytes that RFC 792 asks for hold the ports only, which a stranger can
/// guess (Linux quotes 548 bytes, RFC 1812 4.3.2.3).
[[nodiscard]] std::optional<Echo> parse_quote(ByteSpan quote);

/// An ICMP error about a request. `family`: AF_INET or AF_INET6, of type and code.
struct Meaning {
  metrics::FailureReason reason = metrics::FailureReason::kUnreachable;
  /// From the peer itself: its kernel refused the datagram, and the error made a round trip.
  bool refused = false;
};
[[nodiscard]] Meaning meaning_of(int family, std::uint8_t type, std::uint8_t code, bool from_peer);

}  // namespace rtt::probers::udp_echo
