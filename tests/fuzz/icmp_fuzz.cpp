// Every parser of the ICMP method on hostile bytes: whatever they are, no read past their end, and
// nothing taken for an answer that is too short to be one.
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "probers/icmp/packet.h"

namespace {

using namespace rtt::probers::icmp;
using rtt::probers::ByteSpan;

void check(const Parsed& parsed, std::size_t size) {
  if (const auto* reply = std::get_if<Reply>(&parsed)) {
    if (reply->payload_bytes < kTokenBytes || reply->payload_bytes + kHeaderBytes > size) abort();
  }
  if (const auto* error = std::get_if<ErrorMessage>(&parsed)) {
    if (size < kHeaderBytes || (error->token && *error->token == 0)) abort();
  }
}

// The same bytes with the checksum put right, so that the parser goes on to what is behind it.
void check_with_checksum(ByteSpan bytes) {
  std::vector<std::uint8_t> packet(bytes.begin(), bytes.end());
  const std::size_t header_bytes = packet.empty() ? 0 : (packet[0] & 0xfU) * 4;
  if (packet.size() < header_bytes + kHeaderBytes) return;
  std::uint8_t* message = &packet[header_bytes];
  message[2] = message[3] = 0;
  const auto sum =
      static_cast<std::uint16_t>(~internet_sum(ByteSpan(packet).subspan(header_bytes)));
  message[2] = static_cast<std::uint8_t>(sum >> 8);
  message[3] = static_cast<std::uint8_t>(sum);
  check(parse_ipv4_packet(packet), packet.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  check(parse_ipv4_packet(bytes), size);
  check_with_checksum(bytes);
  check(parse_icmpv6_message(bytes), size);
  for (const int family : {AF_INET, AF_INET6}) {
    check(parse_reply(family, bytes), size);
    if (size > 1) check(parse_queued_error(family, data[0], data[1], bytes.subspan(2)), size);
  }
  return 0;
}
