// Sends echo requests in batches and finds out when the kernel handed each to the network device.
//
// Of one socket, which must outlive it. Not thread-safe; nothing blocks.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ip_address.h"
#include "probers/icmp/packet.h"
#include "probers/icmp/probe_table.h"
#include "probers/icmp/socket.h"
#include "probers/icmp/tracker.h"
#include "probers/timestamps.h"

namespace rtt::probers::icmp {

/// One echo request to be sent.
struct Outgoing {
  Handle handle;
  base::IpAddress destination;
  std::uint16_t sequence = 0;
  std::uint16_t filler_sum = 0;  // internet_sum() of the payload after the token
  std::size_t payload_bytes = 0;
};

class Sender {
 public:
  static constexpr std::size_t kBatch = 64;

  Sender(const Socket& socket, int family);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Sends a first part of `requests`, of at most kBatch, or gives the first one up; the tracker
  /// learns which. Returns how many are dealt with, at least 1. Preconditions: not empty; `filler`
  /// is as long as the longest needs.
  std::size_t send_some(std::span<const Outgoing> requests, ByteSpan filler, Tracker& tracker);

  /// Whether transmit timestamps are still to come.
  [[nodiscard]] bool awaits_timestamps() const { return outstanding_ > 0; }
  /// A transmit timestamp from the error queue.
  void on_transmitted(const ControlData& control, Tracker& tracker);
  /// After a failed send the kernel's count of packets and ours may differ. True: empty the error
  /// queue, then call restart_ids() before the next send.
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

  const Socket& socket_;
  const int family_;
  std::array<RequestHead, kBatch> heads_;
  std::array<std::array<iovec, 2>, kBatch> parts_;
  std::array<base::SocketAddress, kBatch> addresses_;
  std::array<mmsghdr, kBatch> headers_;

  std::vector<Awaiting> awaiting_;  // by id modulo kAwaited
  std::uint32_t next_id_ = 0;
  std::uint32_t outstanding_ = 0;
  bool ids_uncertain_ = false;
  bool ids_usable_ = true;
};

}  // namespace rtt::probers::icmp
