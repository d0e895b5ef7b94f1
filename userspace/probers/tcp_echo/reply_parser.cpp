#include "probers/tcp_echo/reply_parser.h"

#include <algorithm>
#include <cassert>

namespace rtt::probers::tcp_echo {

ReplyParser::ReplyParser(std::size_t message_bytes) : message_bytes_(message_bytes) {
  assert(message_bytes >= kHeaderBytes && message_bytes <= kMaxPayloadBytes);
}

void ReplyParser::sent(const MessageId& id) {
  outstanding_.push_back(id);
  if (outstanding_.size() == 1) expect_front();
}

std::size_t ReplyParser::wanted() const { return outstanding_.empty() ? 0 : expected().size(); }

ReplyParser::Progress ReplyParser::feed(std::span<const std::uint8_t> bytes) {
  Progress progress;
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), wanted());
    const auto chunk = bytes.first(count);
    progress.echo = count > 0 && std::equal(chunk.begin(), chunk.end(), expected().begin());
    if (!progress.echo) return progress;
    matched_ += count;
    bytes = bytes.subspan(count);
    if (matched_ < message_bytes_) continue;
    outstanding_.pop_front();
    ++progress.completed;
    if (!outstanding_.empty()) expect_front();
  }
  return progress;
}

std::span<const std::uint8_t> ReplyParser::expected() const {
  return std::span(front_).subspan(matched_, message_bytes_ - matched_);
}

void ReplyParser::expect_front() {
  write_message(outstanding_.front(), std::span(front_).first(message_bytes_));
  matched_ = 0;
}

}  // namespace rtt::probers::tcp_echo
