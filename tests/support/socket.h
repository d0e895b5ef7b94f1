// Blocking TCP sockets with a deadline on every call, for the traffic that tests make.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::support {

/// Connects from the calling thread's namespace to an IP literal. Each later call on the socket
/// fails after `timeout`.
[[nodiscard]] base::Result<base::UniqueFd> connect_tcp(
    const std::string& host, std::uint16_t port,
    std::chrono::nanoseconds timeout = std::chrono::seconds(10));

/// Listens in the calling thread's namespace on every address, IPv4 and IPv6.
[[nodiscard]] base::Result<base::UniqueFd> listen_tcp(std::uint16_t port);

[[nodiscard]] bool send_all(int fd, std::string_view bytes);
/// False at the end of the stream, an error or the timeout.
[[nodiscard]] bool receive_exactly(int fd, std::size_t bytes);
/// Sends a message and waits for as many bytes back.
[[nodiscard]] bool exchange(int fd, std::string_view message);

}  // namespace rtt::support
