#include "probers/tcp_echo/connection.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/random.h"
#include "probers/timestamps.h"

namespace rtt::probers::tcp_echo {
namespace {

using metrics::FailureReason;

constexpr std::size_t kMaxMessages = 1024;
// Other work of the loop gets its turn in between.
constexpr int kReadsPerTurn = 16;
// A lost SYN is repeated once by the kernel; then a new attempt is worth more than its back-off.
constexpr base::nanoseconds kMinConnectTime = std::chrono::seconds(3);
// The kernel needs about 1.5 s to repair a segment that is lost three times in a row.
constexpr base::nanoseconds kMinStallLimit = std::chrono::seconds(3);
constexpr int kStallTimeouts = 3;
// Finds out about a peer that went away between two probes a long interval apart.
constexpr int kKeepAliveIdleSeconds = 60;
constexpr int kKeepAliveIntervalSeconds = 10;
// Linux' TCP_RTO_MIN; on top comes at least one round trip, as in RFC 8985's loss probes.
constexpr base::nanoseconds kLeastRetransmissionTimeout = std::chrono::milliseconds(200);
constexpr FailureReason kBehindLoss = FailureReason::kHeadOfLine;

metrics::Labels method_label() { return {{"method", "tcp_echo"}}; }

void set_int(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof value);
}

struct Received {
  ssize_t bytes = 0;  // or -1 and errno
  ControlData control;
};

// Not recvmmsg(2): it would take the socket's pending error away from the reader.
Received receive_with_control(int fd, std::span<std::uint8_t> bytes, int flags) {
  alignas(cmsghdr) std::array<std::byte, 256> control;
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t received = recvmsg(fd, &message, flags | MSG_DONTWAIT);
  if (received < 0) return {received, {}};
  return {received, parse_control(message)};
}

}  // namespace

Connection::Connection(const Context& context, base::UniqueFd socket, OnEnd on_end)
    : context_(context),
      stall_limit_(std::max(kStallTimeouts * context.timeout, kMinStallLimit)),
      connect_deadline_(base::Clock::now() + std::max(context.timeout, kMinConnectTime)),
      socket_(std::move(socket)),
      on_end_(std::move(on_end)),
      parser_(context.payload_bytes),
      watch_(context.loop.watch(socket_.get(), base::Interest::kWrite,
                                [this] { on_connect_event(); })),
      timer_(context.loop.timer([this] { on_timer(); })) {}

Connection::~Connection() {
  for (std::size_t i = 0; i < in_flight(); ++i) context_.series.failed(FailureReason::kCancelled);
}

void Connection::probe() {
  if (messages_.size() >= kMaxMessages) return context_.series.failed(FailureReason::kSendError);
  Message& message = messages_.emplace_back();
  message.deadline = base::Clock::now() + context_.timeout;
  const Sent sent = established_ ? transmit(message) : Sent::kAll;
  if (sent == Sent::kBroken) return end({End::kBroken, FailureReason::kDisconnected});
  if (sent == Sent::kNoRoom) {
    messages_.pop_back();
    return context_.series.failed(FailureReason::kSendError);
  }
  if (!timer_armed_) arm_timer();
}

void Connection::on_connect_event() {
  const ConnectOutcome outcome = connect_outcome(socket_.get());
  switch (outcome.state) {
    case ConnectOutcome::State::kConnecting:
      return;
    case ConnectOutcome::State::kSilent:
      return end({End::kSilent, std::nullopt});
    case ConnectOutcome::State::kFailed:
      return end({End::kBroken, outcome.reason});
    case ConnectOutcome::State::kConnected:
      recent_times_.fill(outcome.handshake_rtt);
      return on_established();
  }
}

void Connection::on_established() {
  const int fd = socket_.get();
  ignore_icmp_errors(fd);
  set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
          static_cast<int>(stall_limit_ / std::chrono::milliseconds(1)));
  // Without timestamps choose_rtt() falls back to userspace clocks and the fallback is counted.
  static_cast<void>(enable_timestamps(fd, SocketKind::kStream));
  established_ = true;
  explained_ = read_tcp_repairs(fd);
  watch_ = base::FdWatch();
  watch_ = context_.loop.watch(fd, base::Interest::kRead, [this] { on_readable(); });
  transmit_waiting();
}

void Connection::transmit_waiting() {
  for (auto message = messages_.begin(); message != messages_.end();) {
    const Sent sent = transmit(*message);
    if (sent == Sent::kBroken) return end({End::kBroken, FailureReason::kDisconnected});
    if (sent == Sent::kAll) {
      ++message;
    } else {
      context_.series.failed(FailureReason::kSendError);
      message = messages_.erase(message);
    }
  }
}

Connection::Sent Connection::transmit(Message& message) {
  const MessageId id{next_sequence_, base::random_u64()};
  std::array<std::uint8_t, kMaxPayloadBytes> buffer;
  const auto bytes = std::span(buffer).first(context_.payload_bytes);
  write_message(id, bytes);
  message.repairs = read_tcp_repairs(socket_.get());
  message.sent = base::Clock::now();
  // MSG_EOR: a segment of its own, even in a queue, and so a timestamp of its own.
  const ssize_t sent =
      send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT | MSG_EOR);
  if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)) return Sent::kNoRoom;
  // After a part of a message nothing that follows would be understood.
  if (sent != static_cast<ssize_t>(bytes.size())) return Sent::kBroken;
  ++next_sequence_;
  bytes_sent_ += static_cast<std::uint32_t>(bytes.size());
  message.last_byte = bytes_sent_ - 1;
  parser_.sent(id);
  return Sent::kAll;
}

void Connection::on_readable() {
  if (const auto ending = receive()) return end(*ending);
  if (draining_ && in_flight() == 0) end({End::kDrained, std::nullopt});
}

std::optional<Connection::Ending> Connection::receive() {
  collect_timestamps();
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    // No further than the end of one message: each has its own packet's timestamp.
    std::array<std::uint8_t, kMaxPayloadBytes> buffer;
    const auto space = std::span(buffer).first(std::max<std::size_t>(parser_.wanted(), 1));
    const Received received = receive_with_control(socket_.get(), space, 0);
    if (received.bytes < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (received.bytes < 0 && errno == ETIMEDOUT) return Ending{End::kSilent, std::nullopt};
    if (received.bytes <= 0) return Ending{End::kBroken, FailureReason::kDisconnected};
    const auto progress = parser_.feed(space.first(static_cast<std::size_t>(received.bytes)));
    if (!progress.echo) return Ending{End::kBroken, FailureReason::kBadReply};
    if (progress.completed > 0) finish_oldest(received.control.timestamp);
  }
  return std::nullopt;
}

void Connection::collect_timestamps() {
  for (;;) {
    const Received received = receive_with_control(socket_.get(), {}, MSG_ERRQUEUE);
    if (received.bytes < 0) return;
    const auto& transmitted = received.control.transmitted;
    if (!transmitted || transmitted->type != SCM_TSTAMP_SND) continue;
    const auto message = std::find_if(
        messages_.begin(), messages_.end(),
        [&](const Message& candidate) { return candidate.last_byte == transmitted->id; });
    // A segment that is sent again is stamped again.
    if (message != messages_.end() && !message->kernel_sent) {
      message->kernel_sent = received.control.timestamp;
    }
  }
}

void Connection::finish_oldest(std::optional<base::nanoseconds> kernel_received) {
  const Message message = messages_.front();
  messages_.pop_front();
  echoed_ = true;
  const ChosenRtt time =
      choose_rtt(message.kernel_sent, kernel_received, message.sent, base::Clock::now());
  const Delivery delivery = judge(message, time.value);
  if (overdue_ > 0) {
    --overdue_;
    context_.series.late();
  } else if (delivery == Delivery::kRepaired) {
    context_.series.lost();
  } else if (delivery == Delivery::kBehindRepair) {
    context_.series.failed(kBehindLoss);
  } else if (time.value > context_.timeout) {
    context_.series.lost();
    context_.series.late();
  } else {
    if (!time.from_kernel) context_.metrics.add_counter(kTimestampFallbacks, method_label(), 1);
    context_.series.replied(time.value);
  }
}

Connection::Delivery Connection::judge(const Message& message, base::nanoseconds time) {
  const TcpRepairs repairs = read_tcp_repairs(socket_.get());
  const bool disturbed = repairs != message.repairs;
  const base::nanoseconds usual = *std::min_element(recent_times_.begin(), recent_times_.end());
  const bool outlasted_timer = time >= 2 * usual + kLeastRetransmissionTimeout;
  const bool repaired = disturbed ? repairs != explained_ : behind_ == 0 && outlasted_timer;
  const bool waited = disturbed || behind_ > 0;
  if (behind_ > 0) --behind_;
  if (disturbed) explained_ = repairs;
  if (disturbed || repaired) behind_ = messages_.size();
  recent_times_[next_recent_++ % recent_times_.size()] = time;
  if (repaired) return Delivery::kRepaired;
  return waited ? Delivery::kBehindRepair : Delivery::kDirect;
}

void Connection::on_timer() {
  timer_armed_ = false;
  // A reply that is here already came before the deadline as far as the kernel's clock can tell.
  if (established_) {
    if (const auto ending = receive()) return end(*ending);
  }
  const base::TimePoint now = base::Clock::now();
  expire(now);
  const bool hopeless = established_ ? overdue_ > 0 && now - messages_.front().sent >= stall_limit_
                                     : now >= connect_deadline_;
  if (hopeless) return end({End::kSilent, std::nullopt});
  if (draining_ && in_flight() == 0) return end({End::kDrained, std::nullopt});
  arm_timer();
}

void Connection::expire(base::TimePoint now) {
  while (in_flight() > 0 && messages_[overdue_].deadline <= now) {
    context_.series.lost();
    if (established_) {
      ++overdue_;
    } else {
      messages_.pop_front();
    }
  }
}

void Connection::arm_timer() {
  base::TimePoint next = established_ ? base::TimePoint::max() : connect_deadline_;
  if (in_flight() > 0) next = std::min(next, messages_[overdue_].deadline);
  timer_armed_ = next != base::TimePoint::max();
  if (timer_armed_) timer_.expires_at(next);
}

void Connection::end(const Ending& ending) {
  for (; in_flight() > 0; ++overdue_) {
    if (ending.reason) {
      context_.series.failed(*ending.reason);
    } else {
      context_.series.lost();
    }
  }
  watch_ = base::FdWatch();
  timer_.cancel();
  const OnEnd on_end = std::move(on_end_);  // outlives this object, which on_end may destroy
  on_end(ending.how, echoed_);
}

}  // namespace rtt::probers::tcp_echo
