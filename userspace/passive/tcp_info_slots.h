// Where the readings of a connection go: the series of its peer's slot, or of that and of who owns the socket.
//
// Slots of a peer and an owner come behind those of the peers when there are such connections, and go some time
// after the last of these.
//
// The readings of a poll are gathered and given to the series slot by slot: one lock for each, and
// each series' memory visited once, not once for each socket. Lives on the control loop.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "owners/cgroup_owners.h"
#include "passive/inet_diag_message.h"
#include "passive/tcp_info_connections.h"
#include "passive/tcp_info_source.h"
#include "passive/tcp_probe_source.h"
#include "targets/classifier.h"

namespace rtt::passive {

class TcpInfoSlots {
 public:
  /// From here on everything goes to these series; see TcpInfoSource::configure().
  void configure(const targets::Classifier& classifier,
                 std::vector<TcpInfoSource::SlotSeries> series,
                 const OwnerCounting* owning = nullptr);

  // The rest is for after the first configure().
  void begin_poll();
  /// A connection, once per poll, and its new segments. Reads and keeps in `peer` what its remote
  /// address and local port mean under the configuration in force.
  void visit(const TcpSocketInfo& socket, SegmentGrowth growth, KnownPeer& peer);
  /// New segments of a connection that is gone, at any time. `peer`: as the last visit left it.
  void add_segments(const TcpSocketInfo& socket, SegmentGrowth growth, const KnownPeer& peer = {});
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
    // Of a slot of an owner; `series` is empty then.
    targets::Slot peer = 0;
    owners::Number owner = owners::kNobody;
    base::TimePoint last_seen = {};
  };
  struct Rtt {
    std::uint32_t srtt_us;
    std::uint32_t min_rtt_us;  // 0: none
  };
  struct Reading {
    targets::Slot slot;
    Rtt rtt;
  };

  [[nodiscard]] targets::Slot peer_of(const TcpSocketInfo& socket) const;
  [[nodiscard]] targets::Slot slot_of(const TcpSocketInfo& socket, KnownPeer& peer);
  [[nodiscard]] targets::Slot slot_of_owner(targets::Slot peer, owners::Number owner);
  /// Of `observations` of now.
  [[nodiscard]] TcpInfoSource::SlotSeries series_of(const Slot& slot, std::uint64_t observations);
  void publish_connections(Slot& slot);
  void end_poll_of_owners();
  void note_changes();
  void gather(targets::Slot slot, Rtt rtt);
  void deliver();
  void deliver_to(Slot& slot, std::span<const Rtt> rtts);

  const targets::Classifier* classifier_ = nullptr;
  std::uint64_t classifier_version_ = 0;
  std::uint32_t classification_ = 0;  // rises when what was known of peers is void
  std::vector<Slot> slots_;
  std::size_t peers_ = 0;  // slots of peers; behind them those of owners
  std::shared_ptr<const owners::CgroupOwners> owners_;
  OwnerSeries* owner_series_ = nullptr;
  std::uint64_t owners_version_ = 0;
  std::map<std::pair<targets::Slot, owners::Number>, targets::Slot> owner_slots_;
  std::vector<targets::Slot> free_slots_;
  bool counts_whole_ = false;
  std::vector<Reading> readings_;
  // For deliver(), here only for their memory.
  std::vector<Rtt> by_slot_;
  std::vector<base::nanoseconds> srtts_;
  std::vector<metrics::ConnectionSeries::Rtts> rtts_;
};

}  // namespace rtt::passive
