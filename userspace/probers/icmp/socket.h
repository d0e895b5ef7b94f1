// Sockets that send echo requests and receive what answers them: raw ones where the kernel allows
// them, unprivileged "ping" sockets (icmp(7), net.ipv4.ping_group_range) where it does not.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::probers::icmp {

/// What makes two probes able to share a socket.
struct SocketSettings {
  int family = 0;  // AF_INET or AF_INET6
  std::optional<base::IpAddress> source;
  std::uint8_t dscp = 0;

  auto operator<=>(const SocketSettings&) const = default;
};

enum class EchoSocketKind {
  kRaw,   // receives packets, errors among them; IPv4 with the IP header
  kPing,  // receives replies from the ICMP header on; errors come on the error queue
};

struct Socket {
  base::UniqueFd fd;  // non-blocking, timestamps on
  EchoSocketKind kind = EchoSocketKind::kRaw;
  std::uint16_t identifier = 0;  // of every echo request that it sends
};

/// Error: a phrase that says what the kernel refused and what it would need.
[[nodiscard]] base::Result<Socket> open_socket(const SocketSettings& settings);

/// Whether one node can answer at this address: not unspecified, not multicast, not the limited
/// broadcast address.
[[nodiscard]] bool is_unicast(const base::IpAddress& address);

}  // namespace rtt::probers::icmp
