#include "support/ip_packet.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

namespace rtt::support {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::uint16_t u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t u32(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(u16(bytes, at)) << 16 | u16(bytes, at + 2);
}

base::IpAddress v4_address(Bytes bytes, std::size_t at) {
  in_addr address;
  std::memcpy(&address, &bytes[at], sizeof address);
  return base::IpAddress(address);
}

base::IpAddress v6_address(Bytes bytes, std::size_t at) {
  in6_addr address;
  std::memcpy(&address, &bytes[at], sizeof address);
  return base::IpAddress(address);
}

void parse_sack(IpPacket& packet, Bytes option) {
  for (std::size_t at = 2; at + 8 <= option.size() && packet.sack_count < packet.sack.size();
       at += 8) {
    packet.sack[packet.sack_count++] = {.left = u32(option, at), .right = u32(option, at + 4)};
  }
}

void parse_options(IpPacket& packet, Bytes options) {
  while (!options.empty() && options[0] != TCPOPT_EOL) {
    if (options[0] == TCPOPT_NOP) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return;
    if (options[0] == TCPOPT_SACK) parse_sack(packet, options.first(options[1]));
    options = options.subspan(options[1]);
  }
}

bool parse_tcp(IpPacket& packet, Bytes bytes, std::size_t wire_bytes) {
  if (bytes.size() < sizeof(tcphdr)) return false;
  const std::size_t header = std::size_t{4} * (bytes[12] >> 4);
  if (header < sizeof(tcphdr) || bytes.size() < header || wire_bytes < header) return false;
  packet.source_port = u16(bytes, 0);
  packet.destination_port = u16(bytes, 2);
  packet.sequence = u32(bytes, 4);
  packet.acknowledgment = u32(bytes, 8);
  packet.tcp_flags = bytes[13];
  packet.payload_bytes = wire_bytes - header;
  parse_options(packet, bytes.subspan(sizeof(tcphdr), header - sizeof(tcphdr)));
  return true;
}

bool parse_udp(IpPacket& packet, Bytes bytes, std::size_t wire_bytes) {
  if (bytes.size() < sizeof(udphdr) || wire_bytes < sizeof(udphdr)) return false;
  packet.source_port = u16(bytes, 0);
  packet.destination_port = u16(bytes, 2);
  packet.payload_bytes = wire_bytes - sizeof(udphdr);
  return true;
}

}  // namespace

std::optional<IpPacket> IpPacket::parse(Bytes bytes, std::size_t wire_bytes) {
  if (bytes.empty()) return std::nullopt;
  IpPacket packet;
  std::size_t header = 0;
  std::size_t length = 0;
  if (bytes[0] >> 4 == 4 && bytes.size() >= 20) {
    header = std::size_t{4} * (bytes[0] & 15);
    length = u16(bytes, 2);
    packet.traffic_class = bytes[1];
    packet.dont_fragment = (bytes[6] & 0x40) != 0;
    packet.hop_limit = bytes[8];
    packet.protocol = bytes[9];
    packet.source = v4_address(bytes, 12);
    packet.destination = v4_address(bytes, 16);
  } else if (bytes[0] >> 4 == 6 && bytes.size() >= 40) {
    header = 40;
    length = u16(bytes, 4) == 0 ? 0 : u16(bytes, 4) + header;
    packet.traffic_class = static_cast<std::uint8_t>(u16(bytes, 0) >> 4);
    packet.protocol = bytes[6];
    packet.hop_limit = bytes[7];
    packet.source = v6_address(bytes, 8);
    packet.destination = v6_address(bytes, 24);
  } else {
    return std::nullopt;
  }
  if (length == 0) length = wire_bytes;
  if (header < 20 || bytes.size() < header || length < header) return std::nullopt;
  const Bytes rest = bytes.subspan(header);
  if (packet.is_tcp() && !parse_tcp(packet, rest, length - header)) return std::nullopt;
  if (packet.is_udp() && !parse_udp(packet, rest, length - header)) return std::nullopt;
  if (packet.is_icmp() && !rest.empty()) packet.icmp_type = rest[0];
  if ((packet.is_echo_request() || packet.is_echo_reply()) && rest.size() >= 6) {
    packet.icmp_identifier = u16(rest, 4);
  }
  return packet;
}

bool IpPacket::is_echo_request() const {
  return (protocol == IPPROTO_ICMP && icmp_type == ICMP_ECHO) ||
         (protocol == IPPROTO_ICMPV6 && icmp_type == ICMP6_ECHO_REQUEST);
}

bool IpPacket::is_echo_reply() const {
  return (protocol == IPPROTO_ICMP && icmp_type == ICMP_ECHOREPLY) ||
         (protocol == IPPROTO_ICMPV6 && icmp_type == ICMP6_ECHO_REPLY);
}

}  // namespace rtt::support
