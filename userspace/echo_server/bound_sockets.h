// What the echo server answers on, opened before there is a server for it: ports below 1024 take a
// privilege that the process gives up before it starts threads.
#pragma once

#include <span>
#include <vector>

#include "base/listen_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "echo_server/listener.h"

namespace rtt::echo_server {

/// TCP and UDP on one configured address.
struct BoundSockets {
  Listener tcp;
  std::vector<base::UniqueFd> udp;  // on the port of `tcp`, one for each IP family

  /// For a port 0 one that is free for both. Error: the address and why it cannot be had.
  [[nodiscard]] static base::Result<BoundSockets> open(const base::ListenAddress& address);
  /// All of them, or the error of the first that cannot be had.
  [[nodiscard]] static base::Result<std::vector<BoundSockets>> open(
      std::span<const base::ListenAddress> addresses);
};

}  // namespace rtt::echo_server
