// The kernel's histograms (rtt_rows) and the series that they belong to.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "passive/tcp_probe_mapping.h"
#include "passive/tcp_probe_object.h"
#include "passive/tcp_probe_source.h"

namespace rtt::passive {

/// Slots without series have no rows of their own: memory goes with limits.max_series, not with the
/// number of configured peers.
class RowNumbers {
 public:
  explicit RowNumbers(const std::vector<TcpProbeSource::SlotSeries>& series);
  [[nodiscard]] std::size_t count() const { return slots_.size(); }
  /// Of a slot without series: that of "other".
  [[nodiscard]] std::uint32_t row(targets::Slot slot) const { return rows_[slot]; }
  [[nodiscard]] targets::Slot slot(std::size_t row) const { return slots_[row]; }

 private:
  std::vector<std::uint32_t> rows_;   // per slot
  std::vector<targets::Slot> slots_;  // per row
};

class KernelRows {
 public:
  [[nodiscard]] static base::Result<KernelRows> create(int fd, const TcpProbeLayout& layout);

  struct Growth {
    std::uint32_t row;     // of a peer, or behind them of an owner
    std::uint32_t method;  // rtt_method
    std::span<const metrics::CellCount> cells;
    std::uint64_t sum_ns;
  };
  using Deliver = std::function<void(const Growth&)>;
  /// What was counted since the last call in the rows from `first` up to, not including, `end`; exact while
  /// programs count.
  void drain(std::uint32_t first, std::uint32_t end, const Deliver& deliver);

 private:
  // What the series of a row, peer and method, have been given; no cells: nothing yet.
  struct Taken {
    std::uint64_t sum_ns = 0;
    std::vector<std::uint64_t> cells;
  };

  KernelRows(MappedArray words, const TcpProbeLayout& layout);
  [[nodiscard]] std::size_t first_word(std::uint32_t stripe, std::size_t row) const;
  /// The occupied groups of the row that begins at the word, bit by bit.
  [[nodiscard]] std::uint32_t occupied(std::size_t first_word) const;
  /// The growth over all stripes, in growth_. Returns that of the sum in nanoseconds.
  [[nodiscard]] std::uint64_t take(std::size_t row);
  void take_cells(std::size_t row, std::vector<std::uint64_t>& taken);

  MappedArray words_;
  TcpProbeLayout layout_;
  std::vector<Taken> taken_;
  std::vector<std::uint64_t> cells_;  // all 0 but inside take_cells()
  std::vector<metrics::CellCount> growth_;
};

}  // namespace rtt::passive
