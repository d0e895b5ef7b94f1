#include "web/listen_socket.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/ip_address.h"

namespace rtt::web {
namespace {

constexpr int kBacklog = 128;

// Nothing: errno says why.
base::UniqueFd open_bound(const base::IpAddress& address, std::uint16_t port, bool dual_stack) {
  base::UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fd;
  const int on = 1;
  const int v6_only = dual_stack ? 0 : 1;
  const base::SocketAddress name(address, port);
  const bool bound =
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      (address.is_v4() ||
       setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) == 0) &&
      bind(fd.get(), name.get(), name.length) == 0 && listen(fd.get(), kBacklog) == 0;
  if (bound) return fd;
  const int reason = errno;
  fd.reset();
  errno = reason;
  return fd;
}

base::UniqueFd open_every_address(std::uint16_t port) {
  base::UniqueFd fd = open_bound(base::IpAddress(), port, true);
  if (fd || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)) return fd;
  return open_bound(base::IpAddress(in_addr{INADDR_ANY}), port, false);
}

}  // namespace

base::Result<ListenSocket> listen_on(const base::ListenAddress& address) {
  ListenSocket socket;
  socket.address = address;
  socket.fd = address.address ? open_bound(*address.address, address.port, false)
                              : open_every_address(address.port);
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (!socket.fd ||
      getsockname(socket.fd.get(), reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    return base::errno_error("cannot listen on " + address.to_string());
  }
  const std::uint16_t port_be = bound.ss_family == AF_INET
                                    ? reinterpret_cast<const sockaddr_in&>(bound).sin_port
                                    : reinterpret_cast<const sockaddr_in6&>(bound).sin6_port;
  socket.address.port = ntohs(port_be);
  return socket;
}

base::Result<std::vector<ListenSocket>> listen_on(std::span<const base::ListenAddress> addresses) {
  std::vector<ListenSocket> sockets;
  for (const base::ListenAddress& address : addresses) {
    auto socket = listen_on(address);
    if (!socket) return socket.error();
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

}  // namespace rtt::web
