// Sockets that send echo requests and receive what answers them: raw ones where the kernel allows
// them, unprivileged "ping" sockets (icmp(7), net.ipv4.ping_group_range) where it does not.
#pragma once

#include <cstdint>
#include <variant>

#include "base/unique_fd.h"
#include "probers/packet_channel.h"
#include "probers/socket_options.h"

namespace rtt::probers::icmp {

enum class EchoSocketKind {
  kRaw,   // receives packets, errors among them; IPv4 with the IP header
  kPing,  // receives replies from the ICMP header on; errors come on the error queue
};

struct Socket {
  base::UniqueFd fd;  // non-blocking, timestamps and hop limits on
  EchoSocketKind kind = EchoSocketKind::kRaw;
  std::uint16_t identifier = 0;  // of every echo request that it sends
};

/// `raw_identifier`: of a raw socket; a ping socket's is the kernel's choice. Failure: what the
/// kernel refused and what it would need.
[[nodiscard]] std::variant<Socket, SocketFailure> open_socket(const ChannelSettings& settings,
                                                              std::uint16_t raw_identifier);

}  // namespace rtt::probers::icmp
