// What the kernel says of packets: their timestamps (SO_TIMESTAMPING, software only;
// Documentation/networking/timestamping.rst), the round trip that follows from them, and their hop
// limits.
//
// Transmit timestamps come back on the socket's error queue, receive timestamps as control data of
// what is received. Both are CLOCK_REALTIME, which can be stepped: never subtract them yourself,
// ask choose_rtt(). Nothing here blocks; no object is thread-safe.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "metrics/exporter_metrics.h"

namespace rtt::probers {

using base::nanoseconds;

enum class SocketKind { kDatagram, kStream };

/// Receive timestamps, and a transmit timestamp for every packet sent from now on, each with the id
/// of what was sent. Datagram: the n-th send since this call has id n, from 0. Stream: the id is
/// the offset of the last byte of a send, counted from this call (first byte: 0); turn it on before
/// the first send.
[[nodiscard]] base::Result<void> enable_timestamps(int fd, SocketKind kind);

/// Datagram: the next send has id 0 again. For after a failed send, which may or may not have taken
/// an id.
[[nodiscard]] base::Result<void> restart_timestamp_ids(int fd);

/// Datagram: the hop limit of every packet received from now on. `family` of the socket: AF_INET or
/// AF_INET6.
[[nodiscard]] base::Result<void> enable_hop_limits(int fd, int family);

/// What the control data of one received message says.
struct ControlData {
  /// Software timestamp of this message's packet, since the epoch of CLOCK_REALTIME. From the error
  /// queue: when the packet that `transmitted` names was sent.
  std::optional<nanoseconds> timestamp;
  /// IPv4 TTL or IPv6 hop limit that this message's packet arrived with.
  std::optional<std::uint8_t> hop_limit;

  struct Transmitted {
    std::uint32_t type = 0;  // SCM_TSTAMP_SND, ...
    std::uint32_t id = 0;    // see enable_timestamps()
  };
  std::optional<Transmitted> transmitted;

  /// An error report of another origin than timestamping (ip(7), IP_RECVERR).
  struct ErrorReport {
    int error_number = 0;
    std::uint8_t origin = 0;  // SO_EE_ORIGIN_ICMP, ...
    std::uint8_t type = 0;    // of the ICMP message
    std::uint8_t code = 0;
  };
  std::optional<ErrorReport> error;
  /// The node that reported the error.
  std::optional<base::IpAddress> offender;
};

/// Reads the control messages of a message as recvmsg(2) left it. Truncated or unknown ones are
/// skipped.
[[nodiscard]] ControlData parse_control(const msghdr& message);

/// Memory for receiving several messages with one recvmmsg(2): datagrams, or the error queue of any
/// socket. For the data of a stream use recvmsg(2) and parse_control().
class ReceiveBatch {
 public:
  struct Message {
    std::span<const std::uint8_t> data;  // valid until the next receive()
    bool truncated = false;              // the message was longer than the memory for it
    /// Whom it came from; from the error queue: whom the packet was sent to, if it is an error.
    std::optional<base::IpAddress> address;
    std::uint16_t port = 0;  // beside the address; 0 where there is none
    ControlData control;
  };

  /// Preconditions: both positive.
  ReceiveBatch(std::size_t messages, std::size_t bytes_per_message);
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;

  [[nodiscard]] std::size_t capacity() const { return headers_.size(); }
  [[nodiscard]] std::size_t bytes_per_message() const { return bytes_per_message_; }

  /// Never waits. `flags`: 0, or MSG_ERRQUEUE for the error queue. The number of messages received,
  /// 0 when there is none, or -errno: for a socket with a pending error that is the error, once.
  [[nodiscard]] int receive(int fd, int flags);
  /// Precondition: index below what the last receive() returned.
  [[nodiscard]] Message message(std::size_t index) const;

 private:
  static constexpr std::size_t kControlBytes = 256;
  struct Slot {
    sockaddr_storage address;
    iovec data;
    alignas(cmsghdr) std::array<std::byte, kControlBytes> control;
  };

  std::size_t bytes_per_message_;
  std::vector<std::uint8_t> memory_;
  std::vector<Slot> slots_;
  std::vector<mmsghdr> headers_;
};

/// Calls on_message(const ReceiveBatch::Message&) for everything on the error queue; stops after
/// `most` messages, so that a flood cannot hold the loop.
template <typename OnMessage>
void drain_error_queue(int fd, ReceiveBatch& batch, OnMessage&& on_message,
                       std::size_t most = 65536) {
  for (std::size_t seen = 0; seen < most;) {
    const int received = batch.receive(fd, MSG_ERRQUEUE);
    if (received <= 0) return;
    const auto count = static_cast<std::size_t>(received);
    for (std::size_t i = 0; i < count; ++i) on_message(batch.message(i));
    if (count < batch.capacity()) return;
    seen += count;
  }
}

struct ChosenRtt {
  nanoseconds value;
  bool from_kernel;  // otherwise count it under kTimestampFallbacks
};

/// The kernel's difference if it can be true: not negative, and not longer than the time around it
/// that userspace saw on the monotonic clock. Otherwise (a missing timestamp, a stepped clock) that
/// longer time. `sent` is taken before the send call, `received` after the receive call.
[[nodiscard]] ChosenRtt choose_rtt(std::optional<nanoseconds> kernel_sent,
                                   std::optional<nanoseconds> kernel_received, base::TimePoint sent,
                                   base::TimePoint received);

/// Label: method. A method that uses choose_rtt() creates its series at 0.
inline constexpr metrics::FamilyInfo kTimestampFallbacks{
    "rtt_exporter_timestamp_fallbacks_total",
    "Round trips taken from userspace clocks because the kernel's packet timestamps were missing "
    "or "
    "implausible."};

/// The kernel stamps received packets only while some socket asks for it: one that asks as long as
/// this object lives.
class TimestampKeeper {
 public:
  [[nodiscard]] static base::Result<TimestampKeeper> create();

 private:
  explicit TimestampKeeper(base::UniqueFd fd) : fd_(std::move(fd)) {}
  base::UniqueFd fd_;
};

}  // namespace rtt::probers
