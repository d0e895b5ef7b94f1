// Datagrams of strangers: what the prober takes for an echo, and what the echo server answers.
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "echo_server/udp_policy.h"
#include "probers/udp_echo/message.h"

namespace {

using namespace rtt;
using namespace rtt::probers;

void require(bool condition) {
  if (!condition) std::abort();
}

// What is taken for an echo is exactly a request.
void check_reply(ByteSpan bytes) {
  const auto echo = udp_echo::parse_reply(bytes);
  if (!echo) return;
  require(echo->payload_bytes == bytes.size());
  const RequestHead head = udp_echo::request_head(echo->sequence, echo->token);
  const auto filler = make_filler(bytes.size() - head.size());
  require(std::equal(head.begin(), head.end(), bytes.begin()));
  require(std::equal(filler.begin(), filler.end(), bytes.begin() + head.size()));
}

void check_quote(ByteSpan bytes) {
  const auto quoted = udp_echo::parse_quote(bytes);
  require(!quoted || (bytes.size() >= sizeof(RequestHead) && quoted->token != 0));
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  std::uint16_t u16() { return static_cast<std::uint16_t>(u8() << 8 | u8()); }
  bool flag() { return (u8() & 1) != 0; }
  base::IpAddress address() {
    base::IpAddress::Bytes bytes{};
    const bool v4 = flag();
    if (v4) bytes[10] = bytes[11] = 0xff;
    for (std::size_t i = v4 ? 12 : 0; i < bytes.size(); ++i) bytes[i] = u8();
    return base::IpAddress(bytes);
  }

 private:
  std::uint8_t u8() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_[0];
    rest_ = rest_.subspan(1);
    return first;
  }
  ByteSpan rest_;
};

// Whatever the datagram and its mirror image are, no loop, and nobody but one node gets an answer.
void check_policy(Input input) {
  echo_server::Datagram datagram;
  datagram.source = input.address();
  datagram.source_port = input.u16();
  datagram.destination = input.address();
  datagram.local = input.flag() ? datagram.destination : input.address();
  datagram.local_port = input.u16();
  datagram.too_long = input.flag();
  if (echo_server::refusal_of(datagram)) return;
  require(datagram.source_port > datagram.local_port && datagram.source_port >= 1024);
  require(datagram.destination == datagram.local && !datagram.too_long);
  require(datagram.source.is_v4() || datagram.source.bytes()[0] != 0xff);
  const echo_server::Datagram answer{.source = *datagram.destination,
                                     .source_port = datagram.local_port,
                                     .destination = datagram.source,
                                     .local = datagram.source,
                                     .local_port = datagram.source_port,
                                     .too_long = false};
  require(echo_server::refusal_of(answer).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  check_reply(bytes);
  check_quote(bytes);
  // The input as the part of a request that a link changed.
  if (size >= 2 * sizeof(std::uint16_t)) {
    std::vector<std::uint8_t> changed(udp_echo::kLeastPayloadBytes + data[0]);
    const RequestHead head = udp_echo::request_head(7, 0x0102030405060708);
    const auto filler = make_filler(changed.size() - head.size());
    std::copy(head.begin(), head.end(), changed.begin());
    std::copy(filler.begin(), filler.end(), changed.begin() + head.size());
    changed[data[1] % changed.size()] ^= data[2];
    check_reply(changed);
  }
  check_policy({data, size});
  return 0;
}
