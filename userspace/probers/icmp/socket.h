// Sockets that send echo requests and receive what answers them: raw ones where the kernel allows
// them, unprivileged "ping" sockets (icmp(7), net.ipv4.ping_group_range) where it does not.
#pragma once

#include <compare>
#include <cstdint>
#include <variant>

#include "base/unique_fd.h"
#include "probers/socket_options.h"

namespace rtt::probers::icmp {

/// What makes two probes able to share a socket.
struct SocketSettings {
  int family = 0;  // AF_INET or AF_INET6
  SocketOptions options{};
  bool dont_fragment = false;
  std::uint8_t lane = 0;  // tells sockets apart that differ only in their identifier

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
  /// What options.interface was when it was opened, or a moment before; see interface_index().
  unsigned interface_index = 0;
};

/// `raw_identifier`: of a raw socket; a ping socket's is the kernel's choice. Failure: what the
/// kernel refused and what it would need.
[[nodiscard]] std::variant<Socket, SocketFailure> open_socket(const SocketSettings& settings,
                                                              std::uint16_t raw_identifier);

}  // namespace rtt::probers::icmp
