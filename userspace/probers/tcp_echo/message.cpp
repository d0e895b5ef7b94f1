#include "probers/tcp_echo/message.h"

#include <cassert>

namespace rtt::probers::tcp_echo {
namespace {

constexpr std::size_t kWordBytes = 8;

std::uint8_t byte_be(std::uint64_t word, std::size_t index) {
  return static_cast<std::uint8_t>(word >> (8 * (kWordBytes - 1 - index)));
}

}  // namespace

void write_message(const MessageId& id, std::span<std::uint8_t> bytes) {
  assert(bytes.size() >= kHeaderBytes && bytes.size() <= kMaxPayloadBytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = byte_be(i < kWordBytes ? id.sequence : id.token, i % kWordBytes);
  }
}

}  // namespace rtt::probers::tcp_echo
