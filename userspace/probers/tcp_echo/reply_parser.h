// Recognizes the echoes of a connection's messages in the stream of bytes that comes back.
//
// An echo service returns what it got, in order, however it is split or joined: so the stream is
// compared byte by byte with what was sent. Not thread-safe. Memory: 16 bytes per message without
// its echo, and one message.
#pragma once

#include <array>
#include <deque>

#include "probers/tcp_echo/message.h"

namespace rtt::probers::tcp_echo {

class ReplyParser {
 public:
  /// Precondition: kHeaderBytes <= message_bytes <= kMaxPayloadBytes.
  explicit ReplyParser(std::size_t message_bytes);

  /// A message that went out after all earlier ones.
  void sent(const MessageId& id);
  /// Messages without a complete echo.
  [[nodiscard]] std::size_t outstanding() const { return outstanding_.size(); }
  /// How many bytes complete the oldest of them; 0 without any.
  [[nodiscard]] std::size_t wanted() const;

  struct Progress {
    std::size_t completed = 0;  // of the oldest messages; they are no longer outstanding
    bool echo = true;           // false: these bytes are not what was sent; nothing fits any more
  };
  [[nodiscard]] Progress feed(std::span<const std::uint8_t> bytes);

 private:
  [[nodiscard]] std::span<const std::uint8_t> expected() const;
  void expect_front();

  const std::size_t message_bytes_;
  std::deque<MessageId> outstanding_;
  std::array<std::uint8_t, kMaxPayloadBytes> front_{};  // the oldest of them
  std::size_t matched_ = 0;                             // of front_
};

}  // namespace rtt::probers::tcp_echo
