#include "support/tcp_service.h"

#include <endian.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "support/priority.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::support {
namespace {

std::optional<std::uint64_t> receive_size(int fd) {
  std::uint64_t size_be = 0;
  if (::recv(fd, &size_be, sizeof size_be, MSG_WAITALL) != sizeof size_be) return std::nullopt;
  return be64toh(size_be);
}

}  // namespace

TcpService::TcpService(const Namespace& where, std::uint16_t port, Handler handler)
    : handler_(std::move(handler)) {
  auto listener = where.run([port] { return listen_tcp(port); });
  if (!listener) throw SetupError(listener.error().message);
  listener_ = std::move(*listener);
  acceptor_ = std::thread([this] { accept_all(); });
}

TcpService::~TcpService() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (Connection& connection : open_) ::shutdown(connection.fd.get(), SHUT_RDWR);
  for (Connection& connection : open_) connection.thread.join();
}

void TcpService::accept_all() {
  raise_priority(Priority::kEndpoint);
  for (;;) {
    base::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    join_finished();
    Connection& connection = open_.emplace_back();
    connection.fd = std::move(fd);
    connection.thread = std::thread([this, &connection] {
      raise_priority(Priority::kEndpoint);
      handler_(connection.fd.get());
      // The peer shall not wait for the join; the number stays ours until then.
      ::shutdown(connection.fd.get(), SHUT_RDWR);
      connection.done = true;
    });
  }
}

void TcpService::join_finished() {
  open_.remove_if([](Connection& connection) {
    if (!connection.done) return false;
    connection.thread.join();
    return true;
  });
}

void echo(int fd) {
  std::vector<char> buffer(65536);
  for (;;) {
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) return;
    if (!send_all(fd, {buffer.data(), static_cast<std::size_t>(size)})) return;
  }
}

void sink(int fd) {
  while (const auto size = receive_size(fd)) {
    if (!receive_exactly(fd, *size - sizeof *size) || !send_all(fd, "!")) return;
  }
}

void source(int fd) {
  const std::string block(65536, 'x');
  while (auto left = receive_size(fd)) {
    while (*left > 0) {
      const std::size_t size = std::min<std::uint64_t>(*left, block.size());
      if (!send_all(fd, std::string_view(block).substr(0, size))) return;
      *left -= size;
    }
  }
}

std::string size_message(std::uint64_t bytes) {
  const std::uint64_t bytes_be = htobe64(bytes);
  std::string text(sizeof bytes_be, '\0');
  std::memcpy(text.data(), &bytes_be, sizeof bytes_be);
  return text;
}

}  // namespace rtt::support
