// ICMP echo packets as bytes (RFC 792, RFC 4443; quoted packets: RFC 1812 4.3.2.3, RFC 4884).
//
// Pure functions: bytes in, values out. Every byte is hostile; what is not exactly an answer to an
// echo request becomes Malformed or Irrelevant, never an exception or a read past the end.
//
// Payload of a request: the probe's token, then filler up to the configured length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/ip_address.h"
#include "probers/packet_sender.h"

namespace rtt::probers::icmp {

inline constexpr std::size_t kHeaderBytes = 8;  // of an ICMP message
inline constexpr std::size_t kTokenBytes = 8;
static_assert(sizeof(RequestHead) == kHeaderBytes + kTokenBytes);

struct Request {
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::uint64_t token = 0;  // never 0
};

/// The 16-bit ones' complement sum of RFC 1071 over `bytes`, not complemented, added to `sum`.
/// Only the last part of a message may have an odd length.
[[nodiscard]] std::uint16_t internet_sum(ByteSpan bytes, std::uint16_t sum = 0);

/// `filler_sum`: internet_sum() of the filler that will follow. The checksum of an IPv6 request
/// stays 0: the kernel fills it in.
[[nodiscard]] RequestHead request_head(int family, const Request& request,
                                       std::uint16_t filler_sum);

/// An echo reply with room for a token; the address that it came from is not in it.
struct Reply {
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::uint64_t token = 0;
  std::size_t payload_bytes = 0;
};

enum class Failure { kUnreachable, kTtlExceeded, kTooBig };

/// An error message about an echo request, identified by what it quotes of it.
struct ErrorMessage {
  Failure failure = Failure::kUnreachable;
  /// Nothing where only the request's ICMP part was given.
  std::optional<base::IpAddress> destination;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::optional<std::uint64_t> token;  // nothing when the quote ends before it
};

/// Too short, wrong checksum, or a quote that cannot be read.
struct Malformed {};
/// Well formed, but no answer to an echo request.
struct Irrelevant {};

using Parsed = std::variant<Malformed, Irrelevant, Reply, ErrorMessage>;

/// What a raw IPv4 socket receives: the packet from its IP header on; checks the checksum.
[[nodiscard]] Parsed parse_ipv4_packet(ByteSpan packet);
/// What a raw IPv6 socket receives: from the ICMP header on, checksum checked by the kernel.
[[nodiscard]] Parsed parse_icmpv6_message(ByteSpan message);
/// What a ping socket receives: from the ICMP header on, checksum checked by the kernel.
[[nodiscard]] Parsed parse_reply(int family, ByteSpan message);
/// What the error queue of a ping socket gives: type and code of the error, and the request from its
/// ICMP header on.
[[nodiscard]] Parsed parse_queued_error(int family, std::uint8_t type, std::uint8_t code,
                                        ByteSpan request);

}  // namespace rtt::probers::icmp
