// Sends requests in batches and finds out when the kernel handed each to the network device.
//
// Of one datagram or raw socket, which must outlive it. Not thread-safe; nothing blocks.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ip_address.h"
#include "probers/probe_table.h"
#include "probers/timestamps.h"
#include "probers/tracker.h"

namespace rtt::probers {

using ByteSpan = std::span<const std::uint8_t>;
/// What a request starts with, by which its reply is known; filler follows.
using RequestHead = std::array<std::uint8_t, 16>;

/// Filler: bytes that no link compresses, so that a packet takes the time that its length says. The
/// shorter is a prefix of the longer.
[[nodiscard]] std::vector<std::uint8_t> make_filler(std::size_t bytes);

/// One request to be sent.
struct Outgoing {
  Handle handle;
  base::IpAddress destination;
  std::uint16_t port = 0;  // 0 where there is none
  RequestHead head{};
  std::size_t filler_bytes = 0;
};

class PacketSender {
 public:
  static constexpr std::size_t kBatch = 64;

  /// `errors_pend`: the socket returns the error that an earlier request met (ip(7), IP_RECVERR),
  /// once, instead of sending.
  PacketSender(int fd, bool errors_pend);
  PacketSender(const PacketSender&) = delete;
  PacketSender& operator=(const PacketSender&) = delete;

  /// Sends a first part of `requests`, of at most kBatch, or gives the first one up; the tracker
  /// learns which. Returns how many are dealt with; 0, a few times at most, when an earlier
  /// request's error came instead. Preconditions: not empty; `filler` is as long as the longest
  /// needs; ids are not uncertain.
  std::size_t send_some(std::span<const Outgoing> requests, ByteSpan filler, Tracker& tracker);

  /// Whether transmit timestamps are still to come.
  [[nodiscard]] bool awaits_timestamps() const { return outstanding_ > 0; }
  /// A transmit timestamp from the error queue.
  void on_transmitted(const ControlData& control, Tracker& tracker);
  /// After a send that failed, or in part, the kernel's count of packets and ours may differ. True:
  /// empty the error queue, then call restart_ids() before the next send.
  [[nodiscard]] bool ids_uncertain() const { return ids_uncertain_; }
  void restart_ids();

 private:
  struct Awaiting {
    std::uint32_t id = 0;
    Handle handle;
  };
  // Timestamps come within moments of the send; one that is this many packets late is not used.
  static constexpr std::size_t kAwaited = 1024;

  std::size_t prepare(std::span<const Outgoing> requests, ByteSpan filler);
  void on_sent(Handle handle, base::TimePoint when, Tracker& tracker);

  const int fd_;
  const bool errors_pend_;
  std::array<std::array<iovec, 2>, kBatch> parts_;
  std::array<base::SocketAddress, kBatch> addresses_;
  std::array<mmsghdr, kBatch> headers_;

  std::vector<Awaiting> awaiting_;  // by id modulo kAwaited
  std::uint32_t next_id_ = 0;
  std::uint32_t outstanding_ = 0;
  int errors_in_a_row_ = 0;
  bool ids_uncertain_ = false;
  bool ids_usable_ = true;
};

}  // namespace rtt::probers
