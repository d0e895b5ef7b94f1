#include "probers/icmp/packet.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <cstring>

namespace rtt::probers::icmp {
namespace {

constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;
constexpr std::size_t kIpv6FragmentHeaderBytes = 8;

std::uint16_t read_u16(ByteSpan bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void write_u16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

std::uint64_t read_token(ByteSpan message) {
  std::uint64_t token;
  std::memcpy(&token, &message[kHeaderBytes], sizeof token);
  return token;
}

std::uint16_t fold(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint8_t request_type(int family) {
  return family == AF_INET ? std::uint8_t{ICMP_ECHO} : std::uint8_t{ICMP6_ECHO_REQUEST};
}

std::optional<Failure> failure_of(int family, std::uint8_t type, std::uint8_t code) {
  if (family == AF_INET) {
    if (type == ICMP_TIME_EXCEEDED) return Failure::kTtlExceeded;
    if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED) return Failure::kTooBig;
    if (type == ICMP_DEST_UNREACH || type == ICMP_PARAMETERPROB) return Failure::kUnreachable;
    return std::nullopt;
  }
  if (type == ICMP6_TIME_EXCEEDED) return Failure::kTtlExceeded;
  if (type == ICMP6_PACKET_TOO_BIG) return Failure::kTooBig;
  if (type == ICMP6_DST_UNREACH || type == ICMP6_PARAM_PROB) return Failure::kUnreachable;
  return std::nullopt;
}

/// `request` starts at the quoted ICMP header.
Parsed parse_quoted_request(int family, Failure failure, ByteSpan request) {
  if (request.size() < kHeaderBytes) return Malformed{};
  if (request[0] != request_type(family) || request[1] != 0) return Irrelevant{};
  ErrorMessage error{.failure = failure,
                     .destination = std::nullopt,
                     .identifier = read_u16(request, 4),
                     .sequence = read_u16(request, 6),
                     .token = std::nullopt};
  // RFC 4884: a router that adds extensions pads a short quote with zeros; no token is zero.
  if (request.size() >= kHeaderBytes + kTokenBytes && read_token(request) != 0) {
    error.token = read_token(request);
  }
  return error;
}

Parsed with_destination(Parsed parsed, const base::IpAddress& destination) {
  if (auto* error = std::get_if<ErrorMessage>(&parsed)) error->destination = destination;
  return parsed;
}

/// `quote` starts at the quoted IPv4 header.
Parsed parse_ipv4_quote(Failure failure, ByteSpan quote) {
  if (quote.size() < kIpv4HeaderBytes || quote[0] >> 4 != 4) return Malformed{};
  const std::size_t header_bytes = (quote[0] & 0xfU) * 4;
  if (header_bytes < kIpv4HeaderBytes || quote.size() < header_bytes) return Malformed{};
  const bool first_fragment = (read_u16(quote, 6) & 0x1fff) == 0;
  if (quote[9] != IPPROTO_ICMP || !first_fragment) return Irrelevant{};
  in_addr destination;
  std::memcpy(&destination, &quote[16], sizeof destination);
  return with_destination(parse_quoted_request(AF_INET, failure, quote.subspan(header_bytes)),
                          base::IpAddress(destination));
}

/// `quote` starts at the quoted IPv6 header. The requests carry no extension headers but what the
/// kernel adds to fragment them.
Parsed parse_ipv6_quote(Failure failure, ByteSpan quote) {
  if (quote.size() < kIpv6HeaderBytes || quote[0] >> 4 != 6) return Malformed{};
  std::size_t header_bytes = kIpv6HeaderBytes;
  std::uint8_t next_header = quote[6];
  if (next_header == IPPROTO_FRAGMENT) {
    if (quote.size() < header_bytes + kIpv6FragmentHeaderBytes) return Malformed{};
    next_header = quote[header_bytes];
    const bool first_fragment = (read_u16(quote, header_bytes + 2) & 0xfff8) == 0;
    if (!first_fragment) return Irrelevant{};
    header_bytes += kIpv6FragmentHeaderBytes;
  }
  if (next_header != IPPROTO_ICMPV6) return Irrelevant{};
  in6_addr destination;
  std::memcpy(&destination, &quote[24], sizeof destination);
  return with_destination(parse_quoted_request(AF_INET6, failure, quote.subspan(header_bytes)),
                          base::IpAddress(destination));
}

}  // namespace

std::uint16_t internet_sum(ByteSpan bytes, std::uint16_t sum) {
  std::uint64_t total = sum;
  std::size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) total += read_u16(bytes, at);
  if (at < bytes.size()) total += static_cast<std::uint64_t>(bytes[at]) << 8;
  return fold(total);
}

RequestHead request_head(int family, const Request& request, std::uint16_t filler_sum) {
  RequestHead head{};
  head[0] = request_type(family);
  write_u16(&head[4], request.identifier);
  write_u16(&head[6], request.sequence);
  std::memcpy(&head[kHeaderBytes], &request.token, sizeof request.token);
  if (family == AF_INET) {
    write_u16(&head[2], static_cast<std::uint16_t>(~internet_sum(head, filler_sum)));
  }
  return head;
}

Parsed parse_reply(int family, ByteSpan message) {
  if (message.size() < kHeaderBytes) return Malformed{};
  const std::uint8_t reply_type =
      family == AF_INET ? std::uint8_t{ICMP_ECHOREPLY} : std::uint8_t{ICMP6_ECHO_REPLY};
  if (message[0] != reply_type) return Irrelevant{};
  if (message[1] != 0 || message.size() < kHeaderBytes + kTokenBytes) return Malformed{};
  return Reply{.identifier = read_u16(message, 4),
               .sequence = read_u16(message, 6),
               .token = read_token(message),
               .payload_bytes = message.size() - kHeaderBytes};
}

Parsed parse_ipv4_packet(ByteSpan packet) {
  if (packet.size() < kIpv4HeaderBytes || packet[0] >> 4 != 4) return Malformed{};
  const std::size_t header_bytes = (packet[0] & 0xfU) * 4;
  if (header_bytes < kIpv4HeaderBytes || packet.size() < header_bytes + kHeaderBytes) {
    return Malformed{};
  }
  if (packet[9] != IPPROTO_ICMP) return Irrelevant{};
  const ByteSpan message = packet.subspan(header_bytes);
  if (internet_sum(message) != 0xffff) return Malformed{};
  if (const auto failure = failure_of(AF_INET, message[0], message[1])) {
    return parse_ipv4_quote(*failure, message.subspan(kHeaderBytes));
  }
  return parse_reply(AF_INET, message);
}

Parsed parse_icmpv6_message(ByteSpan message) {
  if (message.size() < kHeaderBytes) return Malformed{};
  if (const auto failure = failure_of(AF_INET6, message[0], message[1])) {
    return parse_ipv6_quote(*failure, message.subspan(kHeaderBytes));
  }
  return parse_reply(AF_INET6, message);
}

Parsed parse_queued_error(int family, std::uint8_t type, std::uint8_t code, ByteSpan request) {
  const auto failure = failure_of(family, type, code);
  if (!failure) return Irrelevant{};
  return parse_quoted_request(family, *failure, request);
}

}  // namespace rtt::probers::icmp
