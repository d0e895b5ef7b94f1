#include "passive/tcp_info_closed.h"

#include <linux/sock_diag.h>

#include <chrono>
#include <utility>

namespace rtt::passive {
namespace {

// Closing sockets are taken in batches: a wake-up for each would cost more than the reading.
constexpr base::nanoseconds kRest = std::chrono::milliseconds(50);
constexpr unsigned kMostPerCallback = 512;
// Room for what closes during a rest at several thousand per second.
constexpr int kReceiveBuffer = 1 << 20;
constexpr std::size_t kMaxMessage = 4096;

}  // namespace

base::Result<std::unique_ptr<ClosedSockets>> ClosedSockets::create(base::EventLoop& loop,
                                                                   Callbacks callbacks,
                                                                   Limits limits) {
  auto socket = InetDiagSocket::open();
  if (!socket) return socket.error();
  socket->set_receive_buffer(kReceiveBuffer);
  std::unique_ptr<ClosedSockets> closed(
      new ClosedSockets(loop, std::move(*socket), std::move(callbacks), limits));
  if (auto joined = closed->join(); !joined) return joined.error();
  closed->listen();
  return closed;
}

ClosedSockets::ClosedSockets(base::EventLoop& loop, InetDiagSocket socket, Callbacks callbacks,
                             Limits limits)
    : loop_(loop),
      socket_(std::move(socket)),
      callbacks_(std::move(callbacks)),
      limits_(limits),
      buffer_(kMaxMessage),
      timer_(loop.timer([this] { wake(); })),
      window_start_(base::Clock::now()) {}

base::Result<void> ClosedSockets::join() {
  for (const int group : {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY}) {
    if (auto joined = socket_.join(group); !joined) return joined;
  }
  joined_ = true;
  return {};
}

void ClosedSockets::listen() {
  watch_ = loop_.watch(socket_.fd(), base::Interest::kRead, [this] { on_readable(); });
}

void ClosedSockets::on_readable() {
  if (!take(kMostPerCallback)) return;
  watch_ = {};
  timer_.expires_after(kRest);
}

void ClosedSockets::take_now() {
  if (joined_) (void)take(limits_.most_per_window);
}

// Whether nothing is left for now.
bool ClosedSockets::take(unsigned most) {
  const base::TimePoint now = base::Clock::now();
  if (now - window_start_ >= limits_.window) {
    window_start_ = now;
    in_window_ = 0;
  }
  for (unsigned i = 0; i < most; ++i) {
    if (in_window_ >= limits_.most_per_window) {
      pause();
      return false;
    }
    if (!take_one()) return true;
  }
  return false;
}

// What is in the buffer is taken now: read after the pause, it would be too old to be told from
// what was counted and forgotten (ConnectionTable::closed()).
void ClosedSockets::pause() {
  for (const int group : {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY}) {
    socket_.leave(group);
  }
  joined_ = false;
  while (take_one()) {
  }
  watch_ = {};
  timer_.expires_at(window_start_ + limits_.window);
  callbacks_.on_pause();
}

void ClosedSockets::wake() {
  if (joined_ || join()) return listen();
  timer_.expires_after(limits_.window);
}

// False when there is nothing more to read for now.
bool ClosedSockets::take_one() {
  using Status = InetDiagSocket::Received::Status;
  const auto received = socket_.receive(buffer_);
  switch (received.status) {
    case Status::kNothing:
      return false;
    case Status::kError:
      callbacks_.on_problem(TcpInfoProblem::kSocketError, 1);
      return false;
    case Status::kForeign:
      callbacks_.on_problem(TcpInfoProblem::kForeign, 1);
      break;
    case Status::kTruncated:
      callbacks_.on_problem(TcpInfoProblem::kTruncated, 1);
      break;
    case Status::kOverflow:
      callbacks_.on_problem(TcpInfoProblem::kOverflow, 1);
      break;
    case Status::kDatagram: {
      const DatagramResult result = parse_inet_diag(received.datagram, {}, callbacks_.on_socket);
      if (result.malformed > 0) {
        callbacks_.on_problem(TcpInfoProblem::kMalformed, result.malformed);
      }
      if (result.foreign > 0) callbacks_.on_problem(TcpInfoProblem::kForeign, result.foreign);
      break;
    }
  }
  ++in_window_;
  return true;
}

}  // namespace rtt::passive
