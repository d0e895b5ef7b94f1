// Listening TCP sockets, opened before there is a server for them: ports below 1024 take a privilege
// that the process gives up before it starts threads.
#pragma once

#include <span>
#include <vector>

#include "base/listen_address.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::web {

struct ListenSocket {
  base::UniqueFd fd;
  /// As bound: a port 0 replaced by the kernel's choice.
  base::ListenAddress address;
};

/// An address without IP serves IPv4 and IPv6, or IPv4 alone where the host has no IPv6.
/// Error: "cannot listen on <address>: <why>".
[[nodiscard]] base::Result<ListenSocket> listen_on(const base::ListenAddress& address);
/// All of them, or the error of the first that cannot be had.
[[nodiscard]] base::Result<std::vector<ListenSocket>> listen_on(
    std::span<const base::ListenAddress> addresses);

}  // namespace rtt::web
