// TCP segments that claim to come from a peer.
#pragma once

#include <cstdint>
#include <string>

#include "base/unique_fd.h"

namespace rtt::bpf_test {

/// Where a connection stands, as its own kernel sees it (host byte order).
struct Sequence {
  std::uint32_t next_to_send = 0;
  std::uint32_t next_to_receive = 0;
};

/// Of an IPv4 connection on which nothing moves. Needs CAP_NET_ADMIN.
[[nodiscard]] Sequence sequence_of(int fd);

/// Sends from the calling thread's namespace one segment without data, with ACK set, as if the peer
/// of the connection `fd` had sent it. Needs CAP_NET_RAW.
[[nodiscard]] bool forge_acknowledgement(int fd, std::uint32_t sequence,
                                         std::uint32_t acknowledgement);

}  // namespace rtt::bpf_test
