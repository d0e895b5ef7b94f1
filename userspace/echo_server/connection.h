// One client of the echo server: what it sends goes back to it.
//
// Holds no memory while the client reads its echo. When it does not, at most one read's worth of
// bytes waits here, and nothing more is read from the client until they are gone.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace rtt::echo_server {

class Connection {
 public:
  /// `scratch` is shared by all connections of a loop and only used within a callback; its size
  /// bounds what can wait. `on_end`: the client left, or neither sent nor read anything for
  /// `idle_timeout`; it may destroy the connection.
  Connection(base::EventLoop& loop, base::UniqueFd socket, std::span<char> scratch,
             base::nanoseconds idle_timeout, std::function<void()> on_end);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  void on_readable();
  void on_writable();
  void on_idle_check();
  void finish();
  /// Of `bytes`, what could be sent now. Nothing: the connection is broken.
  [[nodiscard]] std::optional<std::size_t> send_some(std::span<const char> bytes);

  base::EventLoop& loop_;
  base::UniqueFd socket_;
  std::span<char> scratch_;
  base::nanoseconds idle_timeout_;
  std::function<void()> on_end_;
  std::vector<char> pending_;
  base::TimePoint last_activity_;
  base::FdWatch watch_;
  base::Timer idle_timer_;
};

}  // namespace rtt::echo_server
