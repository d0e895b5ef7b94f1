// The distribution of the last minute, for medians: six slices of ten seconds, each a short list of
// the grid cells that were hit. Not thread-safe: the series that owns it locks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/bucket_grid.h"
#include "metrics/histogram.h"

namespace rtt::metrics {

class SlidingWindow {
 public:
  void observe(std::size_t cell, nanoseconds value, base::TimePoint now);
  /// Counts whose single values are unknown: each counts as the middle of its cell, or as the mean
  /// when all lie in one cell.
  struct Counts {
    std::span<const CellCount> cells;
    std::uint64_t total;  // of the cells
    std::uint64_t sum_ns;
  };
  void add(const BucketGrid& grid, const Counts& counts, base::TimePoint now);
  /// The mean of the values in the cell that holds the median. Nothing without values in the last
  /// minute.
  [[nodiscard]] std::optional<nanoseconds> median(base::TimePoint now) const;

 private:
  static constexpr nanoseconds kSliceLength = std::chrono::seconds(10);
  static constexpr std::size_t kSlices = 6;

  struct CellSum {
    std::uint32_t cell;
    std::uint64_t count;
    double sum_ns;
  };
  struct Slice {
    std::int64_t number = -1;    // of the ten seconds it holds, counted from the clock's epoch
    std::vector<CellSum> cells;  // rising
  };

  [[nodiscard]] Slice& slice_at(base::TimePoint now);
  static void add_to_cell(Slice& slice, const CellSum& added);

  std::array<Slice, kSlices> slices_;
};

}  // namespace rtt::metrics
