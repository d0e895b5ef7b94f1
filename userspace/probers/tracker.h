// Follows every probe from its start to its outcome and keeps the books of its series: for methods
// whose probes are packets of their own.
//
// Knows no sockets and no clock: times are given. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "metrics/series.h"
#include "probers/path_watch.h"
#include "probers/probe_table.h"

namespace rtt::probers {

/// What the probes of one prober share.
struct Peer {
  std::shared_ptr<metrics::ProbeSeries> series;
  base::nanoseconds timeout{};
  std::size_t payload_bytes = 0;
  std::uint16_t port = 0;  // that probes are sent to; 0 where there is none
  std::uint64_t in_flight = 0;
  bool cancelled = false;
  PathWatch paths{};  // by channel
};

/// How an answer came in.
struct Arrival {
  std::uint32_t channel = 0;  // where
  base::IpAddress from;
  std::uint16_t from_port = 0;                       // 0 where there is none
  std::optional<base::nanoseconds> kernel_received;  // CLOCK_REALTIME
  base::TimePoint received;                          // taken after the receive call
  std::optional<std::uint8_t> hop_limit{};
};

/// What a reply carries of its request.
struct Echo {
  std::uint16_t sequence = 0;
  std::uint64_t token = 0;
  std::size_t payload_bytes = 0;
};

/// An error report about a request, identified by what it quotes of it.
struct NotDelivered {
  metrics::FailureReason reason = metrics::FailureReason::kUnreachable;
  /// Whether the peer itself says so, so that the report made the round trip.
  bool by_peer = false;
  std::optional<base::IpAddress> destination;  // nothing: not known, such a report matches nothing
  std::uint16_t port = 0;
  std::uint16_t sequence = 0;
  std::optional<std::uint64_t> token;  // nothing when the quote ends before it
};

class Tracker {
 public:
  /// How long a probe is remembered after its deadline, so that a late reply or a duplicate is
  /// recognised as one; with very many probes, fewer are remembered.
  static constexpr base::nanoseconds kMemory = std::chrono::seconds(10);
  static constexpr std::size_t kMostRemembered = 32768;

  enum class Verdict {
    kCounted,    // in the series
    kMalformed,  // not the length that was sent
    kUnmatched,  // no probe that it could answer: foreign, forged, or forgotten
    kFinished,   // its probe had failed or was cancelled before
  };

  /// Counts the probe as sent; `origin`: what it will be sent with.
  [[nodiscard]] Handle begin(const std::shared_ptr<Peer>& peer, const base::IpAddress& destination,
                             Origin origin);
  /// `when` was taken before the send call; the timeout counts from it.
  void sent(Handle handle, base::TimePoint when);
  /// The kernel's transmit timestamp, CLOCK_REALTIME.
  void transmitted(Handle handle, base::nanoseconds when);
  /// The probe never left this host.
  void send_failed(Handle handle, metrics::FailureReason reason);
  /// Forgets a probe that was cancelled before it was sent.
  void abandon(Handle handle) { table_.erase(handle); }
  /// Whether begin() was called and nothing ended the probe since.
  [[nodiscard]] bool in_flight(Handle handle);

  Verdict on_reply(const Echo& echo, const Arrival& arrival);
  Verdict on_error(const NotDelivered& report, const Arrival& arrival);

  /// When to call expire(), if at all; never later than the first deadline of a probe in flight.
  [[nodiscard]] std::optional<base::TimePoint> next_deadline() const;
  /// Ends the probes whose deadline has passed. When to call it again, if anything is in flight.
  std::optional<base::TimePoint> expire(base::TimePoint now);
  /// Ends the peer's probes in flight, reason "cancelled"; its series is not touched again.
  void cancel(Peer& peer);

  /// Round trips that choose_rtt() took from userspace clocks since the last call.
  [[nodiscard]] std::uint64_t take_fallbacks() { return std::exchange(fallbacks_, 0); }
  [[nodiscard]] std::size_t held() const { return table_.size(); }

 private:
  struct Deadline {
    base::TimePoint when;
    Handle handle;
    bool operator>(const Deadline& other) const { return when > other.when; }
  };

  [[nodiscard]] Verdict finish_reply(Probe& probe, const Arrival& arrival);
  /// Nothing: longer than the timeout.
  [[nodiscard]] std::optional<base::nanoseconds> round_trip(const Probe& probe,
                                                            const Arrival& arrival);
  void remember(const Deadline& past);
  void forget(base::TimePoint now);

  ProbeTable table_;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
  std::deque<Deadline> remembered_;  // about by rising deadline
  std::uint64_t fallbacks_ = 0;
};

}  // namespace rtt::probers
