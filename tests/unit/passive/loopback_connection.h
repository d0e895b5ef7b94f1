// Real TCP connections between loopback addresses that no other process uses.
#pragma once

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "base/ip_address.h"
#include "base/unique_fd.h"

namespace rtt::passive {

/// 127.<second>.x.y with x.y from the process id: tests run in parallel, each in its own process.
inline base::IpAddress own_address(unsigned second) {
  const auto id = static_cast<std::uint32_t>(::getpid()) & 0xFFFF;
  return base::IpAddress(in_addr{htonl(127U << 24 | second << 16 | id)});
}

/// The test cannot go on without; ends it.
inline int checked(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + " failed");
  return result;
}

inline base::UniqueFd tcp_socket(int family) {
  return base::UniqueFd(checked(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
}

class Listener {
 public:
  explicit Listener(const base::IpAddress& address) : fd_(tcp_socket(address.family())) {
    const base::SocketAddress any(address, 0);
    checked(::bind(fd_.get(), any.get(), any.length), "bind");
    checked(::listen(fd_.get(), 128), "listen");
    bound_.length = sizeof(bound_.storage);
    checked(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound_.storage), &bound_.length),
            "getsockname");
  }

  [[nodiscard]] const base::SocketAddress& bound() const { return bound_; }
  [[nodiscard]] std::uint16_t port() const {
    // The same place in sockaddr_in and sockaddr_in6.
    return ntohs(reinterpret_cast<const sockaddr_in*>(&bound_.storage)->sin_port);
  }
  [[nodiscard]] base::UniqueFd accept() const {
    return base::UniqueFd(checked(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  }

 private:
  base::UniqueFd fd_;
  base::SocketAddress bound_;
};

struct Connection {
  base::UniqueFd client;
  base::UniqueFd server;

  /// `rounds` times a byte there and a byte back.
  void exchange(int rounds) const {
    for (int i = 0; i < rounds; ++i) {
      pass(client, server);
      pass(server, client);
    }
  }
  static void pass(const base::UniqueFd& from, const base::UniqueFd& to) {
    char byte = 'x';
    checked(static_cast<int>(::send(from.get(), &byte, 1, MSG_NOSIGNAL)), "send");
    checked(static_cast<int>(::recv(to.get(), &byte, 1, 0)), "recv");
  }
};

/// The client binds to `source`, if there is one.
inline Connection connect_to(const Listener& listener, const base::IpAddress* source = nullptr) {
  Connection connection{tcp_socket(listener.bound().storage.ss_family), {}};
  if (source != nullptr) {
    const base::SocketAddress from(*source, 0);
    const int on = 1;
    ::setsockopt(connection.client.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    checked(::bind(connection.client.get(), from.get(), from.length), "bind");
  }
  checked(::connect(connection.client.get(), listener.bound().get(), listener.bound().length),
          "connect");
  connection.server = listener.accept();
  return connection;
}

inline tcp_info tcp_info_of(const base::UniqueFd& socket) {
  tcp_info info{};
  socklen_t length = sizeof(info);
  checked(::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &length), "TCP_INFO");
  return info;
}

/// Closing it from here on sends a reset and leaves no TIME_WAIT.
inline void close_with_reset(base::UniqueFd& socket) {
  const linger now{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  socket.reset();
}

}  // namespace rtt::passive
