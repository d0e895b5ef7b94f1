// One socket and the traffic on it: requests out, answers in. What the packets look like is the
// method's.
//
// Lives on the probe loop; nothing blocks. The tracker keeps the books.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/unique_fd.h"
#include "probers/packet_sender.h"
#include "probers/socket_options.h"
#include "probers/timestamps.h"
#include "probers/tracker.h"

namespace rtt::probers {

/// What makes probers able to share a channel.
struct ChannelSettings {
  int family = 0;  // AF_INET or AF_INET6
  SocketOptions socket{};
  bool dont_fragment = false;
  std::uint16_t lane = 0;  // tells channels apart that differ in nothing else: see PacketPlan

  auto operator<=>(const ChannelSettings&) const = default;
};

/// Answers that were not counted in a series, by Tracker::Verdict.
using VerdictCounts = std::array<std::uint64_t, 4>;

class PacketChannel {
 public:
  /// `socket`: non-blocking, with timestamps. `errors_pend`: ICMP errors come on its error queue
  /// and, once each, as the error of another call. `number`: of this channel among all that report
  /// to one tracker.
  PacketChannel(base::UniqueFd socket, bool errors_pend, std::uint32_t number);
  virtual ~PacketChannel() = default;
  PacketChannel(const PacketChannel&) = delete;
  PacketChannel& operator=(const PacketChannel&) = delete;

  [[nodiscard]] int fd() const { return socket_.get(); }
  /// What the next request will be sent with; each call gives a new one.
  [[nodiscard]] Origin next_origin() { return {number_, next_sequence_++}; }
  /// `filler_sum`: what the method's PacketPlan says.
  [[nodiscard]] virtual RequestHead request_head(std::uint16_t sequence, std::uint64_t token,
                                                 std::uint16_t filler_sum) const = 0;

  void queue(const Outgoing& request) { queue_.push_back(request); }
  [[nodiscard]] bool has_queued() const { return !queue_.empty(); }
  /// Sends what is queued; takes in answers between batches, so that a long queue does not
  /// overflow the receive buffer.
  void flush(ByteSpan filler, Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);
  /// Takes in timestamps, replies and errors until nothing is left, or a flood has had its share.
  void receive(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);

 private:
  [[nodiscard]] virtual Tracker::Verdict on_message(const ReceiveBatch::Message& message,
                                                    const Arrival& arrival,
                                                    Tracker& tracker) const = 0;
  /// A network error from the error queue.
  [[nodiscard]] virtual Tracker::Verdict on_error(const ReceiveBatch::Message& message,
                                                  const Arrival& arrival,
                                                  Tracker& tracker) const = 0;

  void drain_errors(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);
  std::size_t receive_messages(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);
  [[nodiscard]] Arrival arrival_of(const ReceiveBatch::Message& message, base::TimePoint now) const;

  const base::UniqueFd socket_;
  const bool errors_pend_;
  const std::uint32_t number_;
  std::uint16_t next_sequence_;
  std::vector<Outgoing> queue_;
  PacketSender sender_;
};

}  // namespace rtt::probers
