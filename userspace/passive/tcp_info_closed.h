// The last TCP_INFO of every TCP socket that closes (sock_diag(7), SKNLGRP_INET_TCP_DESTROY): what
// a connection sent after the last poll that saw it, and all that connections sent which no poll
// saw.
//
// It costs the host some 4 us per closed socket, so it is rationed: when more sockets close in a
// window than its limit, it stops listening for the rest of it, and says so. Wakes up at most twenty
// times a second, and not at all while nothing closes. Lives on its loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "passive/inet_diag_message.h"
#include "passive/inet_diag_socket.h"
#include "passive/tcp_info_problem.h"

namespace rtt::passive {

class ClosedSockets {
 public:
  struct Limits {
    unsigned most_per_window = 5000;
    base::nanoseconds window = std::chrono::seconds(5);
  };
  struct Callbacks {
    std::function<void(const TcpSocketInfo&)> on_socket;
    /// Sockets close unseen until the end of the window.
    std::function<void()> on_pause;
    /// kOverflow: some sockets closed unseen.
    OnTcpInfoProblem on_problem;
  };

  /// `loop` must outlive it. Error: why this kernel does not tell.
  [[nodiscard]] static base::Result<std::unique_ptr<ClosedSockets>> create(base::EventLoop& loop,
                                                                           Callbacks callbacks,
                                                                           Limits limits);

  /// Takes what has closed until now, within the limits, without waiting for the next wake-up.
  void take_now();

 private:
  ClosedSockets(base::EventLoop& loop, InetDiagSocket socket, Callbacks callbacks, Limits limits);

  [[nodiscard]] base::Result<void> join();
  void listen();
  void on_readable();
  [[nodiscard]] bool take(unsigned most);
  void pause();
  void wake();
  [[nodiscard]] bool take_one();

  base::EventLoop& loop_;
  InetDiagSocket socket_;
  const Callbacks callbacks_;
  const Limits limits_;
  std::vector<std::byte> buffer_;
  base::FdWatch watch_;  // none while resting or pausing; after socket_: goes before it
  base::Timer timer_;    // the end of the rest or the pause
  bool joined_ = false;
  base::TimePoint window_start_;
  unsigned in_window_ = 0;
};

}  // namespace rtt::passive
