// One socket and the traffic on it: requests out, answers in.
//
// Lives on the probe loop; nothing blocks. The tracker keeps the books.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "probers/icmp/packet.h"
#include "probers/icmp/sender.h"
#include "probers/icmp/socket.h"
#include "probers/icmp/tracker.h"
#include "probers/timestamps.h"

namespace rtt::probers::icmp {

/// Answers that were not counted in a series, by Tracker::Verdict.
using VerdictCounts = std::array<std::uint64_t, 4>;

class Channel {
 public:
  /// `number`: of this channel among all that report to one tracker. Failure: as open_socket().
  [[nodiscard]] static std::variant<std::unique_ptr<Channel>, SocketFailure> open(
      const SocketSettings& settings, std::uint16_t raw_identifier, std::uint32_t number);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] int fd() const { return socket_.fd.get(); }
  [[nodiscard]] std::uint16_t identifier() const { return socket_.identifier; }
  /// Whether the socket's interface is still the one of that name. Looked at once per flush().
  [[nodiscard]] bool usable() const;
  /// What the next request will be sent with; each call gives a new one.
  [[nodiscard]] Origin next_origin() { return {number_, next_sequence_++}; }

  void queue(const Outgoing& request) { queue_.push_back(request); }
  [[nodiscard]] bool has_queued() const { return !queue_.empty(); }
  /// Sends what is queued; takes in answers between batches, so that a long queue does not
  /// overflow the receive buffer.
  void flush(ByteSpan filler, Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);
  /// Takes in timestamps, replies and errors until nothing is left, or a flood has had its share.
  void receive(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);

 private:
  Channel(Socket socket, const SocketSettings& settings, std::uint32_t number);

  void drain_errors(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);
  std::size_t receive_messages(Tracker& tracker, ReceiveBatch& memory, VerdictCounts& counts);
  [[nodiscard]] Parsed parse(const ReceiveBatch::Message& message) const;
  [[nodiscard]] Tracker::Verdict handle(const Parsed& parsed, const Arrival& arrival,
                                        Tracker& tracker) const;

  const Socket socket_;
  const std::string interface_;
  const int family_;
  const std::uint32_t number_;
  std::uint16_t next_sequence_;
  std::vector<Outgoing> queue_;
  Sender sender_;
};

}  // namespace rtt::probers::icmp
