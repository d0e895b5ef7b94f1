// One message of tcp_echo: its number and a random token (both big-endian), then the token again
// and again up to the configured size. An echo is the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rtt::probers::tcp_echo {

inline constexpr std::size_t kHeaderBytes = 16;
/// One segment on an Ethernet path, options and a tunnel header included.
inline constexpr std::size_t kMaxPayloadBytes = 1400;

struct MessageId {
  std::uint64_t sequence = 0;
  std::uint64_t token = 0;
};

/// Precondition: kHeaderBytes <= bytes.size() <= kMaxPayloadBytes.
void write_message(const MessageId& id, std::span<std::uint8_t> bytes);

}  // namespace rtt::probers::tcp_echo
