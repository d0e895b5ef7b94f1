// Counts on the bucket grid, and what is read off them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "metrics/bucket_grid.h"

namespace rtt::metrics {

/// Cumulative counts of one histogram. Not thread-safe: the series that owns it locks.
class Histogram {
 public:
  explicit Histogram(std::shared_ptr<const BucketGrid> grid);

  /// Returns the cell that it counted in.
  std::size_t observe(nanoseconds value);
  /// Adds counts that were made elsewhere on the same grid. Returns how many. Precondition:
  /// cells.size() == cell_count().
  std::uint64_t add(std::span<const std::uint64_t> cells, std::uint64_t sum_ns);

  [[nodiscard]] const BucketGrid& grid() const { return *grid_; }
  [[nodiscard]] std::span<const std::uint64_t> cells() const { return cells_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum_seconds() const { return static_cast<double>(sum_ns_) * 1e-9; }

 private:
  std::shared_ptr<const BucketGrid> grid_;
  std::vector<std::uint64_t> cells_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ns_ = 0;
};

}  // namespace rtt::metrics
