#include "echo_server/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace rtt::echo_server {

Connection::Connection(base::EventLoop& loop, base::UniqueFd socket, std::span<char> scratch,
                       base::nanoseconds idle_timeout, std::function<void()> on_end)
    : loop_(loop),
      socket_(std::move(socket)),
      scratch_(scratch),
      idle_timeout_(idle_timeout),
      on_end_(std::move(on_end)),
      last_activity_(base::Clock::now()),
      watch_(loop.watch(socket_.get(), base::Interest::kRead, [this] { on_readable(); })),
      idle_timer_(loop.timer([this] { on_idle_check(); })) {
  const int on = 1;
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  idle_timer_.expires_after(idle_timeout_);
}

void Connection::on_readable() {
  const ssize_t received = recv(socket_.get(), scratch_.data(), scratch_.size(), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // Nothing waits here while we read, so at the client's FIN all of its echo has been sent.
  if (received <= 0) return finish();
  last_activity_ = base::Clock::now();
  const auto bytes = scratch_.first(static_cast<std::size_t>(received));
  const std::optional<std::size_t> sent = send_some(bytes);
  if (!sent) return finish();
  if (*sent == bytes.size()) return;
  const auto rest = bytes.subspan(*sent);
  pending_.assign(rest.begin(), rest.end());
  watch_ = base::FdWatch();
  watch_ = loop_.watch(socket_.get(), base::Interest::kWrite, [this] { on_writable(); });
}

void Connection::on_writable() {
  const std::optional<std::size_t> sent = send_some(pending_);
  if (!sent) return finish();
  if (*sent > 0) last_activity_ = base::Clock::now();
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(*sent));
  if (!pending_.empty()) return;
  pending_ = {};
  watch_ = base::FdWatch();
  watch_ = loop_.watch(socket_.get(), base::Interest::kRead, [this] { on_readable(); });
}

void Connection::on_idle_check() {
  // The timer is not moved with every message: it looks once per timeout how old the last one is.
  const base::TimePoint idle_at = last_activity_ + idle_timeout_;
  if (idle_at <= base::Clock::now()) return finish();
  idle_timer_.expires_at(idle_at);
}

void Connection::finish() {
  const auto on_end = std::move(on_end_);  // outlives this object, which on_end may destroy
  on_end();
}

std::optional<std::size_t> Connection::send_some(std::span<const char> bytes) {
  const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) return 0;
  return std::nullopt;
}

}  // namespace rtt::echo_server
