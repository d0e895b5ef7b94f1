// The one bucket grid that every histogram counts in, in the kernel and out (ARCHITECTURE.md, "One
// grid").
//
// The grid is the sorted union of the classic bounds of the configuration and of the
// native-histogram bounds 2^(k / 2^schema) seconds from 1 us to 16 s. Cell i holds the values in
// (bound i-1, bound i], as Prometheus' "le" has it; the last cell holds what lies above the last
// bound. So each cell lies in exactly one classic and one native bucket. Bounds are whole
// nanoseconds, rounded down: for whole nanoseconds that classifies exactly as the real bound does.
//
// Immutable after create(); thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rtt::metrics {

using base::nanoseconds;

class BucketGrid {
 public:
  /// The kernel's tables are built for at most this many cells (asserted equal to RTT_MAX_CELLS).
  static constexpr std::size_t kMaxCells = 512;
  static constexpr int kMinSchema = -4;
  static constexpr int kMaxSchema = 4;

  /// `classic_bounds`: seconds, finite, positive, strictly rising, at least 1 ns apart.
  /// `native_schema`: nothing turns native bounds off. Error: which value breaks which rule.
  [[nodiscard]] static base::Result<BucketGrid> create(std::vector<double> classic_bounds,
                                                       std::optional<int> native_schema);

  /// Upper bounds of all cells but the last, in nanoseconds, strictly rising.
  [[nodiscard]] std::span<const std::uint64_t> bounds_ns() const { return bounds_ns_; }
  [[nodiscard]] std::size_t cell_count() const { return bounds_ns_.size() + 1; }
  /// Negative values count as 0.
  [[nodiscard]] std::size_t cell_of(nanoseconds value) const;

  [[nodiscard]] std::span<const double> classic_bounds() const { return classic_bounds_; }
  /// The first cell past classic bucket i: the cumulative count of `le` bound i is the sum of the
  /// cells before it.
  [[nodiscard]] std::size_t classic_end(std::size_t i) const { return classic_ends_[i]; }
  /// Classic bound i as the label `le` has it.
  [[nodiscard]] const std::string& classic_text(std::size_t i) const { return classic_texts_[i]; }
  [[nodiscard]] std::optional<int> native_schema() const { return native_schema_; }
  /// The first cell past each native bound, lowest bound first. Empty without a native schema.
  [[nodiscard]] std::span<const std::size_t> native_ends() const { return native_ends_; }
  /// k of the lowest native bound 2^(k / 2^schema) seconds.
  [[nodiscard]] std::int32_t lowest_native_index() const { return lowest_native_index_; }
  /// The lowest native bound in seconds: what lies below it is not told apart natively.
  [[nodiscard]] double zero_threshold() const;

  bool operator==(const BucketGrid&) const = default;

 private:
  BucketGrid() = default;
  void fill_first_cells();

  std::vector<double> classic_bounds_;
  std::vector<std::string> classic_texts_;
  std::optional<int> native_schema_;
  std::int32_t lowest_native_index_ = 0;
  std::vector<std::size_t> native_ends_;
  std::vector<std::uint64_t> bounds_ns_;
  std::vector<std::size_t> classic_ends_;
  std::vector<std::uint16_t> first_cells_;  // per slice of the values, see cell_of()
};

}  // namespace rtt::metrics
