#include "forged_segment.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "support/setup_error.h"

namespace rtt::bpf_test {
namespace {

struct [[gnu::packed]] PseudoSegment {
  in_addr_t source;
  in_addr_t destination;
  std::uint8_t zero = 0;
  std::uint8_t protocol = IPPROTO_TCP;
  std::uint16_t length_be = htons(sizeof(tcphdr));
  tcphdr tcp{};
};

/// RFC 1071.
std::uint16_t checksum(const PseudoSegment& segment) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&segment);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < sizeof segment; i += 2) sum += bytes[i] << 8 | bytes[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<std::uint16_t>(~sum));
}

std::uint32_t queue_sequence(int fd, int queue) {
  std::uint32_t sequence = 0;
  socklen_t length = sizeof sequence;
  if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof queue) != 0 ||
      getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &sequence, &length) != 0) {
    support::throw_errno("TCP_QUEUE_SEQ");
  }
  return sequence;
}

void set_repair(int fd, int value) {
  if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &value, sizeof value) != 0) {
    support::throw_errno("TCP_REPAIR");
  }
}

}  // namespace

Sequence sequence_of(int fd) {
  set_repair(fd, TCP_REPAIR_ON);
  const Sequence sequence{queue_sequence(fd, TCP_SEND_QUEUE), queue_sequence(fd, TCP_RECV_QUEUE)};
  set_repair(fd, TCP_REPAIR_OFF_NO_WP);
  return sequence;
}

bool forge_acknowledgement(int fd, std::uint32_t sequence, std::uint32_t acknowledgement) {
  sockaddr_in own{}, peer{};
  socklen_t own_length = sizeof own, peer_length = sizeof peer;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_length) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_length) != 0) {
    return false;
  }
  struct [[gnu::packed]] {
    iphdr ip{};
    tcphdr tcp{};
  } packet;
  PseudoSegment segment{.source = peer.sin_addr.s_addr, .destination = own.sin_addr.s_addr};
  segment.tcp.source = peer.sin_port;
  segment.tcp.dest = own.sin_port;
  segment.tcp.seq = htonl(sequence);
  segment.tcp.ack_seq = htonl(acknowledgement);
  segment.tcp.doff = sizeof(tcphdr) / 4;
  segment.tcp.ack = 1;
  segment.tcp.window = htons(1000);
  segment.tcp.check = checksum(segment);
  packet.tcp = segment.tcp;
  packet.ip.version = 4;
  packet.ip.ihl = sizeof(iphdr) / 4;
  packet.ip.ttl = 64;
  packet.ip.protocol = IPPROTO_TCP;
  packet.ip.saddr = segment.source;
  packet.ip.daddr = segment.destination;
  const base::UniqueFd raw(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  return sendto(raw.get(), &packet, sizeof packet, 0, reinterpret_cast<const sockaddr*>(&own),
                sizeof own) == sizeof packet;
}

}  // namespace rtt::bpf_test
