// One connection to an echo service, and the probes on it.
//
// What is lost. TCP repairs every loss, so a lost message is never missing, only delayed, and its
// time is no round trip. A probe is therefore
//   - replied, when its echo is complete within the timeout and nothing had to be repaired;
//   - lost, when it timed out, or when its echo is the first one after a repair: this side sent a
//     segment again (the message went missing, or its echo together with the acknowledgement); a
//     segment from the peer arrived with a gap before it (an echo went missing); or the echo took
//     so much longer than the last few that the peer's retransmission timer had the time to fire
//     (200 ms and another round trip: an echo went missing with nothing behind it);
//   - failed, when it arrived in time but was sent before such a lost one's echo had arrived, and
//     so may have waited behind it on either side: its own fate is good, its time is unknown.
// What cannot be told apart counts as lost: a round trip that suddenly grows by more than 200 ms
// (until four echoes in a row took that long), a service that suddenly thinks for so long, echoes
// that the network reorders. The other way round, a peer whose least timer is below 200 ms can hide
// the loss of an echo as that much latency. Several losses in one window count as one; the others
// are among those that waited.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "metrics/exporter_metrics.h"
#include "metrics/series.h"
#include "probers/tcp_echo/reply_parser.h"
#include "probers/tcp_socket.h"

namespace rtt::probers::tcp_echo {

class Connection {
 public:
  struct Context {
    base::EventLoop& loop;
    metrics::ExporterMetrics& metrics;
    metrics::ProbeSeries& series;
    std::size_t payload_bytes;
    base::nanoseconds timeout;
  };

  enum class End {
    kSilent,   // no answer any more, or none from the start: another attempt costs only itself
    kBroken,   // refused, closed or misused by the peer: do not come back at once
    kDrained,  // see drain()
  };
  /// `echoed`: at least one echo was right. May destroy the connection.
  using OnEnd = std::function<void(End end, bool echoed)>;

  /// `socket`: from begin_connect(). The references of `context` must outlive the connection.
  Connection(const Context& context, base::UniqueFd socket, OnEnd on_end);
  /// Probes in flight fail, reason "cancelled".
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes over one probe that was counted as sent. While the connection is being established it
  /// waits, within its timeout. May end the connection.
  void probe();
  /// Ends the connection when the last probe in flight has ended. Precondition: there is one.
  void drain() { draining_ = true; }
  [[nodiscard]] std::size_t in_flight() const { return messages_.size() - overdue_; }

 private:
  struct Message {
    base::TimePoint deadline;
    base::TimePoint sent;
    std::uint32_t last_byte = 0;  // its offset in the stream: the id of the kernel's timestamp
    std::optional<base::nanoseconds> kernel_sent;
    TcpRepairs repairs;  // before it was sent
  };
  enum class Sent { kAll, kNoRoom, kBroken };
  /// The probes in flight fail with `reason`, or are lost without one.
  struct Ending {
    End how;
    std::optional<metrics::FailureReason> reason;
  };

  void on_connect_event();
  void on_established();
  [[nodiscard]] Sent transmit(Message& message);
  void on_readable();
  /// Reads what is there. Why the connection has to end, if it has to.
  [[nodiscard]] std::optional<Ending> receive();
  void collect_timestamps();
  void finish_oldest(std::optional<base::nanoseconds> kernel_received);
  enum class Delivery { kDirect, kRepaired, kBehindRepair };
  /// Call once per message, in their order.
  [[nodiscard]] Delivery judge(const Message& message, base::nanoseconds time);
  void on_timer();
  void expire(base::TimePoint now);
  void arm_timer();
  void transmit_waiting();
  /// The last thing to do in any function: this object may be gone afterwards.
  void end(const Ending& ending);

  const Context context_;
  const base::nanoseconds stall_limit_;
  const base::TimePoint connect_deadline_;
  base::UniqueFd socket_;
  OnEnd on_end_;
  bool established_ = false;
  bool draining_ = false;
  bool echoed_ = false;
  bool timer_armed_ = false;
  ReplyParser parser_;
  std::uint64_t next_sequence_ = 0;
  std::uint32_t bytes_sent_ = 0;
  // In the order of their deadlines. Before the connection is established none is sent, after it
  // all are.
  std::deque<Message> messages_;
  std::size_t overdue_ = 0;  // so many at the front timed out; their echoes would be late
  TcpRepairs explained_;     // repairs that a lost probe stands for
  std::size_t behind_ = 0;   // so many at the front were under way when a repaired one arrived
  std::array<base::nanoseconds, 4> recent_times_{};  // of the last echoes, whatever became of them
  std::size_t next_recent_ = 0;
  base::FdWatch watch_;
  base::Timer timer_;
};

}  // namespace rtt::probers::tcp_echo
