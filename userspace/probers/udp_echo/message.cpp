#include "probers/udp_echo/message.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <algorithm>
#include <vector>

namespace rtt::probers::udp_echo {
namespace {

using metrics::FailureReason;

constexpr std::size_t kWordBytes = 8;

void write_word(std::uint64_t word, std::uint8_t* to) {
  for (std::size_t i = 0; i < kWordBytes; ++i) {
    to[i] = static_cast<std::uint8_t>(word >> (8 * (kWordBytes - 1 - i)));
  }
}

std::uint64_t read_word(ByteSpan bytes, std::size_t at) {
  std::uint64_t word = 0;
  for (const std::uint8_t byte : bytes.subspan(at, kWordBytes)) word = word << 8 | byte;
  return word;
}

bool is_filler(ByteSpan bytes) {
  static const std::vector<std::uint8_t> kFiller =
      make_filler(kMostPayloadBytes - sizeof(RequestHead));
  return bytes.size() <= kFiller.size() && std::equal(bytes.begin(), bytes.end(), kFiller.begin());
}

bool is_time_exceeded(int family, std::uint8_t type) {
  return type == (family == AF_INET ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED);
}

bool is_too_big(int family, std::uint8_t type, std::uint8_t code) {
  return family == AF_INET ? type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED
                           : type == ICMP6_PACKET_TOO_BIG;
}

bool is_port_unreachable(int family, std::uint8_t type, std::uint8_t code) {
  return family == AF_INET ? type == ICMP_DEST_UNREACH && code == ICMP_PORT_UNREACH
                           : type == ICMP6_DST_UNREACH && code == ICMP6_DST_UNREACH_NOPORT;
}

}  // namespace

RequestHead request_head(std::uint16_t sequence, std::uint64_t token) {
  RequestHead head;
  write_word(sequence, head.data());
  write_word(token, head.data() + kWordBytes);
  return head;
}

std::optional<Echo> parse_quote(ByteSpan quote) {
  if (quote.size() < sizeof(RequestHead)) return std::nullopt;
  const std::uint64_t sequence = read_word(quote, 0);
  const std::uint64_t token = read_word(quote, kWordBytes);
  if (sequence > UINT16_MAX || token == 0) return std::nullopt;
  return Echo{.sequence = static_cast<std::uint16_t>(sequence),
              .token = token,
              .payload_bytes = quote.size()};
}

std::optional<Echo> parse_reply(ByteSpan payload) {
  const auto echo = parse_quote(payload);
  if (!echo || !is_filler(payload.subspan(sizeof(RequestHead)))) return std::nullopt;
  return echo;
}

Meaning meaning_of(int family, std::uint8_t type, std::uint8_t code, bool from_peer) {
  if (is_time_exceeded(family, type)) return {.reason = FailureReason::kTtlExceeded};
  if (is_too_big(family, type, code)) return {.reason = FailureReason::kTooBig};
  if (from_peer && is_port_unreachable(family, type, code)) {
    return {.reason = FailureReason::kRefused, .refused = true};
  }
  return {.reason = FailureReason::kUnreachable};
}

}  // namespace rtt::probers::udp_echo
