#include "echo_server/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace rtt::echo_server {
namespace {

constexpr int kBacklog = 128;

base::Error cannot_listen(const base::ListenAddress& address) {
  return base::errno_error("the echo server cannot listen on " + address.to_string());
}

/// `any_family` is what an address of nothing stands for: AF_INET6 covers IPv4 as well.
base::Result<Listener> open_family(const base::ListenAddress& address, int any_family) {
  const int family = address.address ? address.address->family() : any_family;
  Listener listener{base::UniqueFd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
                    address};
  if (!listener.socket) return cannot_listen(address);
  const int fd = listener.socket.get();
  const int on = 1;
  // Without it a restart fails for a minute while old connections are in TIME_WAIT.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) {
    const int v6_only = address.address ? 1 : 0;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  const base::IpAddress any =
      family == AF_INET6 ? base::IpAddress(in6addr_any) : base::IpAddress(in_addr{INADDR_ANY});
  base::SocketAddress bound(address.address.value_or(any), address.port);
  if (bind(fd, bound.get(), bound.length) != 0 || listen(fd, kBacklog) != 0) {
    return cannot_listen(address);
  }
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length) != 0) {
    return cannot_listen(address);
  }
  // The port lies at the same place in sockaddr_in and sockaddr_in6.
  listener.address.port = ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
  return listener;
}

bool host_has_ipv6() {
  return base::UniqueFd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) || errno != EAFNOSUPPORT;
}

}  // namespace

base::Result<Listener> Listener::open(const base::ListenAddress& address) {
  return open_family(address, host_has_ipv6() ? AF_INET6 : AF_INET);
}

std::vector<int> Listener::families(const base::ListenAddress& address) {
  if (address.address) return {address.address->family()};
  if (host_has_ipv6()) return {AF_INET, AF_INET6};
  return {AF_INET};
}

}  // namespace rtt::echo_server
