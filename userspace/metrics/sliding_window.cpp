#include "metrics/sliding_window.h"

#include <algorithm>

namespace rtt::metrics {
namespace {

// Where in its cell a value of unknown size is taken to lie. The last cell has no upper bound.
double middle_ns(const BucketGrid& grid, std::size_t cell) {
  const auto bounds = grid.bounds_ns();
  const double lower = cell == 0 ? 0.0 : static_cast<double>(bounds[cell - 1]);
  return cell == bounds.size() ? lower : (lower + static_cast<double>(bounds[cell])) / 2;
}

}  // namespace

void SlidingWindow::observe(std::size_t cell, nanoseconds value, base::TimePoint now) {
  add_to_cell(slice_at(now),
              {static_cast<std::uint32_t>(cell), 1, static_cast<double>(value.count())});
}

void SlidingWindow::add(const BucketGrid& grid, const Counts& counts, base::TimePoint now) {
  Slice& slice = slice_at(now);
  for (const auto& [cell, count] : counts.cells) {
    const double sum_ns = count == counts.total
                              ? static_cast<double>(counts.sum_ns)
                              : middle_ns(grid, cell) * static_cast<double>(count);
    add_to_cell(slice, {cell, count, sum_ns});
  }
}

SlidingWindow::Slice& SlidingWindow::slice_at(base::TimePoint now) {
  const std::int64_t number = now.time_since_epoch() / kSliceLength;
  Slice& slice = slices_[static_cast<std::size_t>(number) % kSlices];
  if (slice.number != number) {
    slice.number = number;
    slice.cells.clear();
  }
  return slice;
}

void SlidingWindow::add_to_cell(Slice& slice, const CellSum& added) {
  const auto found =
      std::lower_bound(slice.cells.begin(), slice.cells.end(), added.cell,
                       [](const CellSum& entry, std::uint32_t cell) { return entry.cell < cell; });
  if (found == slice.cells.end() || found->cell != added.cell) {
    slice.cells.insert(found, added);
  } else {
    found->count += added.count;
    found->sum_ns += added.sum_ns;
  }
}

std::optional<nanoseconds> SlidingWindow::median(base::TimePoint now) const {
  const std::int64_t oldest =
      now.time_since_epoch() / kSliceLength - static_cast<std::int64_t>(kSlices - 1);
  std::vector<CellSum> all;
  std::uint64_t total = 0;
  for (const Slice& slice : slices_) {
    if (slice.number < oldest) continue;
    all.insert(all.end(), slice.cells.begin(), slice.cells.end());
    for (const CellSum& entry : slice.cells) total += entry.count;
  }
  if (total == 0) return std::nullopt;
  std::sort(all.begin(), all.end(),
            [](const CellSum& a, const CellSum& b) { return a.cell < b.cell; });
  const std::uint64_t rank = (total + 1) / 2;
  std::uint64_t below = 0;
  for (auto first = all.begin(); first != all.end();) {
    CellSum merged{first->cell, 0, 0};
    for (; first != all.end() && first->cell == merged.cell; ++first) {
      merged.count += first->count;
      merged.sum_ns += first->sum_ns;
    }
    below += merged.count;
    if (below >= rank) {
      return nanoseconds(
          static_cast<std::int64_t>(merged.sum_ns / static_cast<double>(merged.count)));
    }
  }
  return std::nullopt;
}

}  // namespace rtt::metrics
