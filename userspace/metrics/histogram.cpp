#include "metrics/histogram.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace rtt::metrics {
namespace {

constexpr std::size_t kCellsPerBit = 8;
static_assert(BucketGrid::kMaxCells <= 64 * kCellsPerBit, "a bit for each eight");

}  // namespace

Histogram::Histogram(std::shared_ptr<const BucketGrid> grid)
    : grid_(std::move(grid)), cells_(grid_->cell_count()) {}

void Histogram::add_to_cell(std::size_t cell, std::uint64_t count) {
  cells_[cell] += count;
  occupied_ |= std::uint64_t{1} << (cell / kCellsPerBit);
  count_ += count;
}

std::size_t Histogram::observe(nanoseconds value) {
  const std::size_t cell = grid_->cell_of(value);
  add_to_cell(cell, 1);
  sum_ns_ += static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  return cell;
}

std::uint64_t Histogram::add(std::span<const CellCount> cells, std::uint64_t sum_ns) {
  const std::uint64_t before = count_;
  for (const auto& [cell, count] : cells) add_to_cell(cell, count);
  sum_ns_ += sum_ns;
  return count_ - before;
}

HistogramReading Histogram::read(std::vector<CellCount>& all) const {
  const std::size_t first = all.size();
  for (std::uint64_t bits = occupied_; bits != 0; bits &= bits - 1) {
    const std::size_t begin = static_cast<std::size_t>(std::countr_zero(bits)) * kCellsPerBit;
    const std::size_t end = std::min(begin + kCellsPerBit, cells_.size());
    for (std::size_t cell = begin; cell < end; ++cell) {
      if (cells_[cell] != 0) all.push_back({static_cast<std::uint32_t>(cell), cells_[cell]});
    }
  }
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(all.size() - first), count_,
          sum_seconds()};
}

}  // namespace rtt::metrics
