// The parser of echoes against any stream of bytes in any pieces, with its messages sent in between.
//
// The first byte of the input chooses the size of a message. Then each step is a byte: 0 sends a
// message, 1 feeds the right echo of what is outstanding, anything else feeds that many bytes of
// the input. The parser must never complete more than was sent, and never take a wrong byte.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <vector>

#include "probers/tcp_echo/reply_parser.h"

namespace {

using rtt::probers::tcp_echo::kHeaderBytes;
using rtt::probers::tcp_echo::kMaxPayloadBytes;
using rtt::probers::tcp_echo::MessageId;
using rtt::probers::tcp_echo::ReplyParser;

void require(bool condition) {
  if (!condition) std::abort();
}

/// What a correct echo service still owes, as plain bytes: the model to compare with.
class Model {
 public:
  Model(ReplyParser& parser, std::size_t message_bytes)
      : parser_(parser), message_bytes_(message_bytes) {}

  void send(std::uint64_t token) {
    const MessageId id{sent_++, token};
    std::vector<std::uint8_t> bytes(message_bytes_);
    write_message(id, bytes);
    owed_.insert(owed_.end(), bytes.begin(), bytes.end());
    parser_.sent(id);
  }

  /// False: the stream is no echo any more.
  [[nodiscard]] bool feed(const std::vector<std::uint8_t>& bytes) {
    const std::size_t before = parser_.outstanding();
    const auto progress = parser_.feed(bytes);
    require(progress.completed <= before);
    require(parser_.outstanding() == before - progress.completed);
    const bool right =
        bytes.size() <= owed_.size() && std::equal(bytes.begin(), bytes.end(), owed_.begin());
    require(progress.echo == right);
    if (!right) return false;
    owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(bytes.size()));
    require(parser_.outstanding() == (owed_.size() + message_bytes_ - 1) / message_bytes_);
    require(parser_.wanted() <= message_bytes_ && (parser_.wanted() == 0) == owed_.empty());
    return true;
  }

  [[nodiscard]] std::vector<std::uint8_t> owed(std::size_t most) const {
    const auto count = static_cast<std::ptrdiff_t>(std::min(most, owed_.size()));
    return {owed_.begin(), owed_.begin() + count};
  }

 private:
  ReplyParser& parser_;
  std::size_t message_bytes_;
  std::deque<std::uint8_t> owed_;
  std::uint64_t sent_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t message_bytes = kHeaderBytes + data[0] % (kMaxPayloadBytes - kHeaderBytes + 1);
  ReplyParser parser(message_bytes);
  Model model(parser, message_bytes);
  for (std::size_t i = 1; i < size;) {
    const std::size_t step = data[i++];
    if (step == 0) {
      model.send(i * 0x9e3779b97f4a7c15);
    } else if (step == 1) {
      const std::size_t count = i < size ? data[i++] : 0;
      require(model.feed(model.owed(count)));
    } else {
      const std::size_t count = std::min(step, size - i);
      if (!model.feed({data + i, data + i + count})) return 0;
      i += count;
    }
  }
  return 0;
}
