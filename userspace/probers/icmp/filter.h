// Kernel-side filters of raw ICMP sockets, so that other programs' ICMP does not wake us.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace rtt::probers::icmp {

/// Lets pass echo replies with this identifier and errors that quote an echo request with it;
/// everything else never reaches the socket. `family`: AF_INET or AF_INET6.
[[nodiscard]] base::Result<void> attach_filters(int fd, int family, std::uint16_t identifier);

}  // namespace rtt::probers::icmp
