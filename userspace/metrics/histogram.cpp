#include "metrics/histogram.h"

#include <algorithm>
#include <cassert>

namespace rtt::metrics {

Histogram::Histogram(std::shared_ptr<const BucketGrid> grid)
    : grid_(std::move(grid)), cells_(grid_->cell_count()) {}

std::size_t Histogram::observe(nanoseconds value) {
  const std::size_t cell = grid_->cell_of(value);
  ++cells_[cell];
  ++count_;
  sum_ns_ += static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  return cell;
}

std::uint64_t Histogram::add(std::span<const std::uint64_t> cells, std::uint64_t sum_ns) {
  assert(cells.size() == cells_.size());
  std::uint64_t added = 0;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    // Most are 0: their place, which no cache has after the last scrape, is not fetched.
    if (cells[cell] == 0) continue;
    cells_[cell] += cells[cell];
    added += cells[cell];
  }
  count_ += added;
  sum_ns_ += sum_ns;
  return added;
}

}  // namespace rtt::metrics
