// What tests need to know of an IPv4 or IPv6 packet: addresses, ICMP type, TCP or UDP header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/ip_address.h"

namespace rtt::support {

/// Numbers in host byte order.
struct IpPacket {
  struct SackBlock {
    std::uint32_t left = 0;
    std::uint32_t right = 0;
  };

  base::IpAddress source;
  base::IpAddress destination;
  std::uint8_t traffic_class = 0;  // IPv4: the TOS byte
  std::uint8_t hop_limit = 0;      // IPv4: the TTL
  bool dont_fragment = false;      // IPv4's bit; IPv6 routers never fragment
  std::uint8_t protocol = 0;       // IPPROTO_*
  std::uint8_t icmp_type = 0;
  std::uint16_t icmp_identifier = 0;  // of echo requests and replies
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint8_t tcp_flags = 0;     // TH_* of <netinet/tcp.h>
  std::size_t payload_bytes = 0;  // behind the TCP or UDP header, as the IP header has it
  std::array<SackBlock, 4> sack{};
  std::size_t sack_count = 0;

  /// `bytes` begin with the IP header and may end early (a capture's snap length), but not within
  /// the headers. `wire_bytes`: the length of the IP packet when its header cannot say it (a
  /// super-packet past 64 KiB). Nothing when it is not an IP packet; extension headers and
  /// fragments are not followed.
  [[nodiscard]] static std::optional<IpPacket> parse(std::span<const std::uint8_t> bytes,
                                                     std::size_t wire_bytes);

  [[nodiscard]] bool is_tcp() const { return protocol == IPPROTO_TCP; }
  [[nodiscard]] bool is_udp() const { return protocol == IPPROTO_UDP; }
  [[nodiscard]] bool is_icmp() const {
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
  }
  [[nodiscard]] bool is_echo_request() const;
  [[nodiscard]] bool is_echo_reply() const;
};

}  // namespace rtt::support
