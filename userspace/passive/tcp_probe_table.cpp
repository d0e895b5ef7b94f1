#include "passive/tcp_probe_table.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace rtt::passive {
namespace {

static_assert(metrics::BucketGrid::kMaxCells == RTT_MAX_CELLS);

/// The inverse of rtt_slice_of(): a slice's lowest value.
std::uint64_t first_value(std::uint32_t slice) {
  constexpr std::uint32_t kRepeated = 1u << (RTT_SLICES_SHIFT - RTT_SCALE_SHIFT);
  // Each scale but the first begins where the one before ends: at its own slice kRepeated.
  const std::uint32_t scale =
      slice < kRepeated ? 0 : std::min((slice - kRepeated) / RTT_SLICES_PER_SCALE, RTT_SCALES - 1u);
  return static_cast<std::uint64_t>(slice - scale * RTT_SLICES_PER_SCALE)
         << (RTT_SCALE_SHIFT * (scale + 1));
}

}  // namespace

void fill_bucket_table(const metrics::BucketGrid& grid, rtt_bucket_table& table) {
  const auto bounds = grid.bounds_ns();
  assert(bounds.size() < RTT_MAX_CELLS);
  std::copy(bounds.begin(), bounds.end(), table.bounds_ns);
  table.cell_count = static_cast<std::uint32_t>(grid.cell_count());
  for (std::uint32_t slice = 0; slice < RTT_SLICES; ++slice) {
    const auto bound = std::lower_bound(bounds.begin(), bounds.end(), first_value(slice));
    table.first_cell[slice] = static_cast<std::uint16_t>(bound - bounds.begin());
  }
  table.first_cell[RTT_SLICES] = static_cast<std::uint16_t>(bounds.size());
}

}  // namespace rtt::passive
