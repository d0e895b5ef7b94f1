#include "metrics/native_buckets.h"

#include <cassert>

namespace rtt::metrics {
namespace {

// So many empty buckets in a row are cheaper to write than a further span.
constexpr std::int32_t kBridgedGap = 2;

class Writer {
 public:
  explicit Writer(SparseBuckets& into) : into_(into) {}

  void add(std::int32_t index, std::uint64_t count) {
    const std::int32_t gap = index - next_;
    if (into_.spans.empty() || gap > kBridgedGap) {
      into_.spans.push_back({gap, 0});
    } else {
      for (std::int32_t i = 0; i < gap; ++i) append(0);
    }
    append(count);
    next_ = index + 1;
  }

 private:
  void append(std::uint64_t count) {
    ++into_.spans.back().length;
    into_.deltas.push_back(static_cast<std::int64_t>(count - last_count_));
    last_count_ = count;
  }

  SparseBuckets& into_;
  std::int32_t next_ = 0;  // the index past the last bucket
  std::uint64_t last_count_ = 0;
};

}  // namespace

void to_native(const BucketGrid& grid, std::span<const CellCount> cells, SparseBuckets& into) {
  assert(grid.native_schema());
  into.spans.clear();
  into.deltas.clear();
  auto next = cells.begin();
  const auto count_up_to = [&](std::size_t end) {
    std::uint64_t count = 0;
    for (; next != cells.end() && next->cell < end; ++next) count += next->count;
    return count;
  };
  into.zero_count = count_up_to(grid.native_ends().front());
  Writer writer(into);
  std::int32_t index = grid.lowest_native_index();
  const auto write_up_to = [&](std::size_t end) {
    ++index;
    if (const std::uint64_t count = count_up_to(end); count != 0) writer.add(index, count);
  };
  for (const std::size_t end : grid.native_ends().subspan(1)) write_up_to(end);
  write_up_to(grid.cell_count());
}

}  // namespace rtt::metrics
