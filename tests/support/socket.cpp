#include "support/socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/ip_address.h"
#include "support/patience.h"

namespace rtt::support {
namespace {

void set_timeout(int fd, std::chrono::nanoseconds timeout) {
  const auto us = std::chrono::ceil<std::chrono::microseconds>(timeout * patience()).count();
  const timeval value{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof value);
}

}  // namespace

base::Result<base::UniqueFd> connect_tcp(const std::string& host, std::uint16_t port,
                                         std::chrono::nanoseconds timeout) {
  const auto address = base::IpAddress::parse(host);
  if (!address) return base::Error{host + " is not an IP address"};
  base::UniqueFd fd(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return base::errno_error("socket");
  set_timeout(fd.get(), timeout);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const base::SocketAddress to(*address, port);
  if (::connect(fd.get(), to.get(), to.length) != 0) {
    return base::errno_error("connect to " + host + " port " + std::to_string(port));
  }
  return fd;
}

base::Result<base::UniqueFd> listen_tcp(std::uint16_t port) {
  base::UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return base::errno_error("socket");
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const base::SocketAddress any(base::IpAddress(), port);
  if (::bind(fd.get(), any.get(), any.length) != 0 || ::listen(fd.get(), 1024) != 0) {
    return base::errno_error("listen on port " + std::to_string(port));
  }
  return fd;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool receive_exactly(int fd, std::size_t bytes) {
  std::array<char, 65536> buffer;
  while (bytes > 0) {
    const ssize_t size = ::recv(fd, buffer.data(), std::min(bytes, buffer.size()), 0);
    if (size <= 0) return false;
    bytes -= static_cast<std::size_t>(size);
  }
  return true;
}

bool exchange(int fd, std::string_view message) {
  return send_all(fd, message) && receive_exactly(fd, message.size());
}

}  // namespace rtt::support
