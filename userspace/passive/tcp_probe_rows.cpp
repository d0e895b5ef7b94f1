#include "passive/tcp_probe_rows.h"

#include <array>
#include <bit>
#include <cassert>
#include <utility>

#include "bpf/rtt_shared.h"

namespace rtt::passive {
namespace {

static_assert(RTT_GROUPS <= 32, "a bit for each");

template <typename Visit>
void for_each_cell(std::uint32_t groups, const Visit& visit) {
  for (; groups != 0; groups &= groups - 1) {
    const std::size_t begin = static_cast<std::size_t>(std::countr_zero(groups)) * RTT_GROUP_CELLS;
    for (std::size_t cell = begin; cell < begin + RTT_GROUP_CELLS; ++cell) visit(cell);
  }
}

}  // namespace

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
      taken_((std::size_t{layout.peers} + layout.owner_rows) * RTT_METHODS),
      cells_(std::size_t{layout.groups_per_row()} * RTT_GROUP_CELLS) {}

std::size_t KernelRows::first_word(std::uint32_t stripe, std::size_t row) const {
  return (std::size_t{stripe} * taken_.size() + row) * layout_.words_per_row();
}

std::uint32_t KernelRows::occupied(std::size_t first_word) const {
  using Marks = std::array<std::uint8_t, sizeof(std::uint64_t)>;
  std::uint32_t groups = 0;
  for (std::size_t group = 0; group < layout_.groups_per_row(); group += sizeof(Marks)) {
    const std::uint64_t word = words_.load(first_word + 1 + group / sizeof(Marks));
    if (word == 0) continue;
    const auto marks = std::bit_cast<Marks>(word);
    for (std::size_t i = 0; i < marks.size(); ++i) groups |= std::uint32_t{marks[i]} << (group + i);
  }
  return groups;
}

std::uint64_t KernelRows::take(std::size_t row) {
  // Rows lie too far apart for a CPU to guess the next.
  constexpr std::size_t kAhead = 4;
  std::uint64_t sum_ns = 0;
  for (std::uint32_t stripe = 0; stripe < layout_.stripes; ++stripe) {
    sum_ns += words_.load(first_word(stripe, row));
    if (row + kAhead < taken_.size()) words_.prefetch(first_word(stripe, row + kAhead));
  }
  Taken& taken = taken_[row];
  if (sum_ns == taken.sum_ns) return 0;
  if (taken.cells.empty()) taken.cells.resize(cells_.size());
  take_cells(row, taken.cells);
  return sum_ns - std::exchange(taken.sum_ns, sum_ns);
}

void KernelRows::take_cells(std::size_t row, std::vector<std::uint64_t>& taken) {
  std::uint32_t groups_of_all = 0;
  for (std::uint32_t stripe = 0; stripe < layout_.stripes; ++stripe) {
    const std::size_t first = first_word(stripe, row);
    const std::uint32_t groups = occupied(first);
    groups_of_all |= groups;
    for_each_cell(groups, [&](std::size_t cell) {
      cells_[cell] += words_.load(first + TcpProbeLayout::kWordsBeforeCells + cell);
    });
  }
  growth_.clear();
  for_each_cell(groups_of_all, [&](std::size_t cell) {
    const std::uint64_t now = std::exchange(cells_[cell], 0);
    const std::uint64_t before = std::exchange(taken[cell], now);
    if (now != before) growth_.push_back({static_cast<std::uint32_t>(cell), now - before});
  });
}

void KernelRows::drain(std::uint32_t first, std::uint32_t end, const Deliver& deliver) {
  for (std::uint32_t row = first; row < end; ++row) {
    for (std::uint32_t method = 0; method < RTT_METHODS; ++method) {
      const std::uint64_t sum_ns = take(std::size_t{row} * RTT_METHODS + method);
      if (sum_ns != 0) deliver({row, method, growth_, sum_ns});
    }
  }
}

}  // namespace rtt::passive
