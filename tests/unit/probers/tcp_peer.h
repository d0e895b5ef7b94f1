// Blocking TCP sockets on loopback, for tests that play one end of a connection by hand.
//
// Every call gives up after a few seconds instead of hanging the test.
#pragma once

#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/ip_address.h"
#include "base/unique_fd.h"

namespace rtt::support {

namespace detail {

inline constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
inline constexpr int kPatienceMs = 10'000;

[[noreturn]] inline void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

inline base::UniqueFd open_socket(int family) {
  base::UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  return socket;
}

}  // namespace detail

class TcpPeer {
 public:
  explicit TcpPeer(base::UniqueFd socket, const base::IpAddress& remote = {});
  /// Throws when nobody listens.
  [[nodiscard]] static TcpPeer connect(const base::IpAddress& address, std::uint16_t port,
                                       int receive_buffer_bytes = 0);

  /// At most `most` bytes; empty at the end of the stream, nothing when none came in time or the
  /// connection was reset.
  [[nodiscard]] std::optional<std::string> read_some(std::size_t most = 65536) const;
  /// Shorter only when the stream ended or nothing more came.
  [[nodiscard]] std::string read_exactly(std::size_t count) const;
  /// False when it could not be written.
  bool write(std::string_view bytes) const;
  void shutdown_write() const;
  void close() { socket_.reset(); }
  /// Of an accepted connection.
  [[nodiscard]] const base::IpAddress& remote_address() const { return remote_; }
  /// Drops every segment that arrives from now on, as a network does that loses it.
  void lose_arrivals() const;
  void stop_losing() const;
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  base::UniqueFd socket_;
  base::IpAddress remote_;
};

class TcpListener {
 public:
  /// Port 0: the kernel chooses.
  explicit TcpListener(const base::IpAddress& address, std::uint16_t port = 0, int backlog = 16);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Throws when nobody came.
  [[nodiscard]] TcpPeer accept() const;
  /// Whether a client waits to be accepted.
  [[nodiscard]] bool has_client() const;

 private:
  base::UniqueFd socket_;
  std::uint16_t port_ = 0;
};

inline TcpPeer::TcpPeer(base::UniqueFd socket, const base::IpAddress& remote)
    : socket_(std::move(socket)), remote_(remote) {
  setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &detail::kPatience, sizeof detail::kPatience);
  setsockopt(fd(), SOL_SOCKET, SO_SNDTIMEO, &detail::kPatience, sizeof detail::kPatience);
}

inline TcpPeer TcpPeer::connect(const base::IpAddress& address, std::uint16_t port,
                                int receive_buffer_bytes) {
  base::UniqueFd socket = detail::open_socket(address.family());
  if (receive_buffer_bytes > 0) {
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
               sizeof receive_buffer_bytes);
  }
  const base::SocketAddress peer(address, port);
  if (::connect(socket.get(), peer.get(), peer.length) != 0) detail::fail("connect");
  return TcpPeer(std::move(socket));
}

inline std::optional<std::string> TcpPeer::read_some(std::size_t most) const {
  std::string bytes(most, '\0');
  const ssize_t count = recv(fd(), bytes.data(), bytes.size(), 0);
  if (count < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

inline std::string TcpPeer::read_exactly(std::size_t count) const {
  std::string bytes;
  while (bytes.size() < count) {
    const auto more = read_some(count - bytes.size());
    if (!more || more->empty()) break;
    bytes += *more;
  }
  return bytes;
}

inline bool TcpPeer::write(std::string_view bytes) const {
  const ssize_t count = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return count == static_cast<ssize_t>(bytes.size());
}

inline void TcpPeer::shutdown_write() const { shutdown(fd(), SHUT_WR); }

inline void TcpPeer::lose_arrivals() const {
  sock_filter take_nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &take_nothing};
  if (setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    detail::fail("SO_ATTACH_FILTER");
  }
}

inline void TcpPeer::stop_losing() const {
  const int ignored = 0;
  setsockopt(fd(), SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
}

inline TcpListener::TcpListener(const base::IpAddress& address, std::uint16_t port, int backlog)
    : socket_(detail::open_socket(address.family())) {
  const int on = 1;
  setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  base::SocketAddress bound(address, port);
  if (bind(socket_.get(), bound.get(), bound.length) != 0) detail::fail("bind");
  if (listen(socket_.get(), backlog) != 0) detail::fail("listen");
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.length) != 0) {
    detail::fail("getsockname");
  }
  port_ = ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
}

inline TcpPeer TcpListener::accept() const {
  pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, detail::kPatienceMs) != 1) detail::fail("nobody connected");
  base::SocketAddress remote;
  remote.length = sizeof remote.storage;
  base::UniqueFd socket(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&remote.storage),
                                &remote.length, SOCK_CLOEXEC));
  if (!socket) detail::fail("accept");
  return TcpPeer(std::move(socket), base::IpAddress::from_sockaddr(remote.storage).value());
}

inline bool TcpListener::has_client() const {
  pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  return poll(&ready, 1, 0) == 1;
}

/// A port of loopback where nobody listens.
[[nodiscard]] inline std::uint16_t unused_tcp_port() {
  return TcpListener(*base::IpAddress::parse("127.0.0.1")).port();
}

}  // namespace rtt::support
