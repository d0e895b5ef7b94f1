// A listening TCP socket for one configured address.
#pragma once

#include <vector>

#include "base/listen_address.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::echo_server {

struct Listener {
  base::UniqueFd socket;        // non-blocking, listening
  base::ListenAddress address;  // a port 0 replaced by the kernel's choice

  /// An address of nothing (":port") listens on IPv4 and IPv6, or on IPv4 alone where the host has
  /// no IPv6. Error: the address and why it cannot be listened on.
  [[nodiscard]] static base::Result<Listener> open(const base::ListenAddress& address);
  /// AF_INET and AF_INET6, as far as open() listens on them.
  [[nodiscard]] static std::vector<int> families(const base::ListenAddress& address);
};

}  // namespace rtt::echo_server
