// Where the readings of a connection go: the series of its peer's slot.
//
// The readings of a poll are gathered and given to the series slot by slot: one lock for each, and
// each series' memory visited once, not once for each socket. Lives on the control loop.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "passive/inet_diag_message.h"
#include "passive/tcp_info_connections.h"
#include "passive/tcp_info_source.h"
#include "targets/classifier.h"

namespace rtt::passive {

class TcpInfoSlots {
 public:
  /// From here on everything goes to these series; see TcpInfoSource::configure().
  void configure(const targets::Classifier& classifier,
                 std::vector<TcpInfoSource::SlotSeries> series);

  // The rest is for after the first configure().
  void begin_poll();
  /// A connection, once per poll, and its new segments. Reads and keeps in `peer` what its remote
  /// address and local port mean under the configuration in force.
  void visit(const TcpSocketInfo& socket, SegmentGrowth growth, KnownPeer& peer);
  /// New segments of a connection that is gone, at any time.
  void add_segments(const TcpSocketInfo& socket, SegmentGrowth growth);
  /// `complete`: every connection was visited. Then the connections of every slot are known, unless
  /// configure() came in between.
  void end_poll(bool complete);

 private:
  struct Slot {
    TcpInfoSource::SlotSeries series;
    std::uint64_t connections = 0;  // in this poll so far
    std::optional<std::uint64_t> published_connections = {};
    // Gathered, not yet in the series.
    std::uint64_t segments_sent = 0;
    std::uint64_t segments_retransmitted = 0;
    std::size_t readings = 0;
  };
  struct Rtt {
    std::uint32_t srtt_us;
    std::uint32_t min_rtt_us;  // 0: none
  };
  struct Reading {
    targets::Slot slot;
    Rtt rtt;
  };

  [[nodiscard]] targets::Slot slot_of(const TcpSocketInfo& socket) const;
  [[nodiscard]] targets::Slot slot_of(const TcpSocketInfo& socket, KnownPeer& peer);
  void gather(targets::Slot slot, Rtt rtt);
  void deliver();
  void deliver_to(Slot& slot, std::span<const Rtt> rtts);

  const targets::Classifier* classifier_ = nullptr;
  std::uint64_t classifier_version_ = 0;
  std::uint32_t classification_ = 0;  // rises when what was known of peers is void
  std::vector<Slot> slots_;
  bool counts_whole_ = false;
  std::vector<Reading> readings_;
  // For deliver(), here only for their memory.
  std::vector<Rtt> by_slot_;
  std::vector<base::nanoseconds> srtts_;
  std::vector<metrics::ConnectionSeries::Rtts> rtts_;
};

}  // namespace rtt::passive
