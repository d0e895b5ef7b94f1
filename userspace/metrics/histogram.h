// Counts on the bucket grid, and what is read off them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "metrics/bucket_grid.h"

namespace rtt::metrics {

/// How many values lie in a cell of the grid.
struct CellCount {
  std::uint32_t cell;
  std::uint64_t count;

  bool operator==(const CellCount&) const = default;
};

/// A histogram as it was at one moment. A typical one has values in some twenty of two hundred cells: only
/// those are kept, one histogram's after the other's, in one vector for all.
struct HistogramReading {
  std::uint32_t first = 0;  // of its cells in that vector
  std::uint32_t size = 0;   // cells
  std::uint64_t count = 0;
  double sum_seconds = 0;

  /// Rising; none has the count 0; their sum is `count`.
  [[nodiscard]] std::span<const CellCount> cells(const std::vector<CellCount>& all) const {
    return std::span(all).subspan(first, size);
  }
};

/// Cumulative counts of one histogram. Not thread-safe: the series that owns it locks.
class Histogram {
 public:
  explicit Histogram(std::shared_ptr<const BucketGrid> grid);

  /// Returns the cell that it counted in.
  std::size_t observe(nanoseconds value);
  /// Adds counts that were made elsewhere on the same grid. Returns how many.
  std::uint64_t add(std::span<const CellCount> cells, std::uint64_t sum_ns);
  /// Appends the cells to `all`.
  [[nodiscard]] HistogramReading read(std::vector<CellCount>& all) const;

  [[nodiscard]] const BucketGrid& grid() const { return *grid_; }
  [[nodiscard]] std::span<const std::uint64_t> cells() const { return cells_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum_seconds() const { return static_cast<double>(sum_ns_) * 1e-9; }

 private:
  void add_to_cell(std::size_t cell, std::uint64_t count);

  std::shared_ptr<const BucketGrid> grid_;
  std::vector<std::uint64_t> cells_;
  std::uint64_t occupied_ = 0;  // bit i: one of the i-th eight cells is not 0
  std::uint64_t count_ = 0;
  std::uint64_t sum_ns_ = 0;
};

}  // namespace rtt::metrics
