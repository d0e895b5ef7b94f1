#include "passive/tcp_probe_owners.h"

#include <bpf/bpf.h>

#include <cassert>
#include <utility>

#include "passive/tcp_probe_requirements.h"

namespace rtt::passive {

OwnerRows::OwnerRows(const TcpProbeObject& object, const TcpProbeLayout& layout,
                     MappedArray unlabelled)
    : cgroups_fd_(object.cgroups_fd()),
      pairs_fd_(object.pairs_fd()),
      free_rows_fd_(object.free_rows_fd()),
      first_row_(layout.peers),
      rows_(layout.owner_rows),
      unlabelled_(std::move(unlabelled)) {}

base::Result<OwnerRows> OwnerRows::create(const TcpProbeObject& object,
                                          const TcpProbeLayout& layout) {
  auto unlabelled = MappedArray::create(object.unlabelled_fd(), RTT_UNLABELLED, "rtt_unlabelled");
  if (!unlabelled) return unlabelled.error();
  OwnerRows rows(object, layout, std::move(*unlabelled));
  for (std::uint32_t i = 0; i < layout.owner_rows; ++i) {
    if (auto pushed = rows.push_free(layout.peers + i); !pushed) return pushed.error();
  }
  return rows;
}

base::Result<void> OwnerRows::push_free(std::uint32_t row) const {
  const int status = bpf_map_update_elem(free_rows_fd_, nullptr, &row, BPF_ANY);
  if (status != 0) return bpf_error("cannot fill the BPF map rtt_free_rows", -status);
  return {};
}

base::Result<void> OwnerRows::set(std::uint64_t cgroup, owners::Number owner) const {
  const int status = bpf_map_update_elem(cgroups_fd_, &cgroup, &owner, BPF_ANY);
  if (status != 0) return bpf_error("cannot tell the kernel of a cgroup", -status);
  return {};
}

void OwnerRows::forget(std::uint64_t cgroup) const { bpf_map_delete_elem(cgroups_fd_, &cgroup); }

std::optional<rtt_pair> OwnerRows::counted(std::uint32_t row, base::TimePoint now) {
  assert(row >= first_row_ && row - first_row_ < rows_.size());
  Row& counted = rows_[row - first_row_];
  if (!counted.pair) read_pairs(now);
  counted.last_counted = now;
  return counted.pair;
}

// Programs add pairs meanwhile; those that were there before are all found, because only this thread takes
// any out.
void OwnerRows::read_pairs(base::TimePoint now) {
  rtt_pair pair{};
  const rtt_pair* before = nullptr;
  while (bpf_map_get_next_key(pairs_fd_, before, &pair) == 0) {
    before = &pair;
    rtt_pair_row found{};
    if (bpf_map_lookup_elem(pairs_fd_, &pair, &found) != 0) continue;
    Row& row = rows_[found.row - first_row_];
    if (!row.pair) row = {pair, now};
  }
}

std::vector<std::uint32_t> OwnerRows::detach_idle(base::TimePoint before) {
  std::vector<std::uint32_t> idle;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    if (!rows_[i].pair || rows_[i].last_counted >= before) continue;
    bpf_map_delete_elem(pairs_fd_, &*rows_[i].pair);
    idle.push_back(first_row_ + i);
  }
  return idle;
}

void OwnerRows::release(std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : rows) {
    rows_[row - first_row_].pair.reset();
    // The queue has room for every row.
    [[maybe_unused]] const auto pushed = push_free(row);
    assert(pushed.ok());
  }
}

std::array<std::uint64_t, RTT_UNLABELLED> OwnerRows::take_unlabelled() {
  std::array<std::uint64_t, RTT_UNLABELLED> growth{};
  for (std::size_t i = 0; i < growth.size(); ++i) {
    const std::uint64_t now = unlabelled_.load(i);
    growth[i] = now - std::exchange(unlabelled_taken_[i], now);
  }
  return growth;
}

}  // namespace rtt::passive
