// The user side of bpf/owner.bpf.h: tells the kernel who owns which cgroup, and knows which peer and owner each
// row behind those of the peers belongs to.
//
// Not thread-safe but for set() and forget().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bpf/rtt_shared.h"
#include "owners/cgroup_owners.h"
#include "passive/tcp_probe_mapping.h"
#include "passive/tcp_probe_object.h"

namespace rtt::passive {

class OwnerRows {
 public:
  /// The rows from `layout.peers` on are free at first. `object` must outlive it.
  [[nodiscard]] static base::Result<OwnerRows> create(const TcpProbeObject& object,
                                                      const TcpProbeLayout& layout);

  [[nodiscard]] base::Result<void> set(std::uint64_t cgroup, owners::Number owner) const;
  void forget(std::uint64_t cgroup) const;

  /// Of a row that something was counted in at `now`. Nothing only for a bug of the programs.
  [[nodiscard]] std::optional<rtt_pair> counted(std::uint32_t row, base::TimePoint now);

  /// Takes the pairs out that nothing was counted for since `before`. Programs that run may still count in
  /// these rows; afterwards they are to be drained once more and given back with release().
  [[nodiscard]] std::vector<std::uint32_t> detach_idle(base::TimePoint before);
  void release(std::span<const std::uint32_t> rows);

  /// How often the kernel counted without labels since the last call, per rtt_unlabelled_reason.
  [[nodiscard]] std::array<std::uint64_t, RTT_UNLABELLED> take_unlabelled();

 private:
  struct Row {
    std::optional<rtt_pair> pair;
    base::TimePoint last_counted = {};
  };

  OwnerRows(const TcpProbeObject& object, const TcpProbeLayout& layout, MappedArray unlabelled);
  [[nodiscard]] base::Result<void> push_free(std::uint32_t row) const;
  void read_pairs(base::TimePoint now);

  int cgroups_fd_;
  int pairs_fd_;
  int free_rows_fd_;
  std::uint32_t first_row_;
  std::vector<Row> rows_;
  MappedArray unlabelled_;
  std::array<std::uint64_t, RTT_UNLABELLED> unlabelled_taken_{};
};

}  // namespace rtt::passive
