#include "passive/tcp_probe_rows.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "bpf/rtt_shared.h"

namespace rtt::passive {

RowNumbers::RowNumbers(const std::vector<TcpProbeSource::SlotSeries>& series) {
  assert(!series.empty() && series[0].tcp_probe && series[0].tcp_handshake);
  for (targets::Slot slot = 0; slot < series.size(); ++slot) {
    const bool counted = series[slot].tcp_probe || series[slot].tcp_handshake;
    rows_.push_back(counted ? static_cast<std::uint32_t>(slots_.size()) : RTT_PEER_OTHER);
    if (counted) slots_.push_back(slot);
  }
}

base::Result<KernelRows> KernelRows::create(int fd, const TcpProbeLayout& layout) {
  const std::size_t words = static_cast<std::size_t>(layout.rows()) * layout.words_per_row();
  auto mapping = MappedArray::create(fd, words, "rtt_rows");
  if (!mapping) return mapping.error();
  return KernelRows(std::move(*mapping), layout);
}

KernelRows::KernelRows(MappedArray words, const TcpProbeLayout& layout)
    : words_(std::move(words)),
      layout_(layout),
      taken_(std::size_t{layout.peers} * RTT_METHODS),
      cells_(layout.cells) {}

std::size_t KernelRows::first_word(std::uint32_t stripe, std::size_t row) const {
  return (std::size_t{stripe} * taken_.size() + row) * layout_.words_per_row();
}

std::uint64_t KernelRows::take(std::size_t row) {
  std::uint64_t sum_ns = 0;
  for (std::uint32_t stripe = 0; stripe < layout_.stripes; ++stripe) {
    sum_ns += words_.load(first_word(stripe, row));
  }
  Taken& taken = taken_[row];
  if (sum_ns == taken.sum_ns) return 0;
  if (taken.cells.empty()) taken.cells.resize(layout_.cells);
  std::fill(cells_.begin(), cells_.end(), 0);
  for (std::uint32_t stripe = 0; stripe < layout_.stripes; ++stripe) {
    const std::size_t first = first_word(stripe, row) + 1;
    for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
      cells_[cell] += words_.load(first + cell);
    }
  }
  for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
    cells_[cell] -= std::exchange(taken.cells[cell], cells_[cell]);
  }
  return sum_ns - std::exchange(taken.sum_ns, sum_ns);
}

void KernelRows::drain(const RowNumbers& numbers,
                       const std::vector<TcpProbeSource::SlotSeries>& series) {
  const auto member = [](std::uint32_t method) {
    return method == RTT_TCP_PROBE ? &TcpProbeSource::SlotSeries::tcp_probe
                                   : &TcpProbeSource::SlotSeries::tcp_handshake;
  };
  for (std::uint32_t row = 0; row < layout_.peers; ++row) {
    for (std::uint32_t method = 0; method < RTT_METHODS; ++method) {
      const std::uint64_t sum_ns = take(std::size_t{row} * RTT_METHODS + method);
      if (sum_ns == 0) continue;
      const auto& own = series[numbers.slot(row)].*member(method);
      const auto& counted = own ? own : series[targets::kOtherSlot].*member(method);
      counted->add(cells_, sum_ns);
    }
  }
}

}  // namespace rtt::passive
