// The kernel's lookup (bpf/bucket_table.h) against the grid's own.
#include "bpf/bucket_table.h"

#include <gtest/gtest.h>

#include <random>

#include "metrics/bucket_grid.h"
#include "passive/tcp_probe_table.h"

namespace rtt::bpf_test {
namespace {

using metrics::BucketGrid;

struct Lookup {
  explicit Lookup(std::vector<double> classic, std::optional<int> schema)
      : grid(BucketGrid::create(std::move(classic), schema).value()),
        table(std::make_unique<rtt_bucket_table>()) {
    passive::fill_bucket_table(grid, *table);
  }
  void expect_agreement(std::uint64_t value_ns) const {
    ASSERT_EQ(rtt_cell_of(table.get(), value_ns),
              grid.cell_of(base::nanoseconds(static_cast<std::int64_t>(value_ns))))
        << value_ns << " ns";
  }

  BucketGrid grid;
  std::unique_ptr<rtt_bucket_table> table;
};

std::vector<Lookup> lookups() {
  std::vector<double> dense;
  for (int i = 0; i < 500; ++i) dense.push_back(0.001 + i * 1e-9);
  std::vector<Lookup> all;
  all.emplace_back(std::vector<double>{0.0001, 0.001, 0.01}, 3);
  all.emplace_back(std::vector<double>{1e-9, 1e-6, 8e-6, 16, 60, 3600}, 4);
  all.emplace_back(std::vector<double>{0.5}, std::nullopt);
  all.emplace_back(std::vector<double>{0.001}, -4);
  all.emplace_back(std::move(dense), std::nullopt);
  return all;
}

TEST(BucketTable, AgreesWithTheGridAroundEveryBound) {
  for (const auto& lookup : lookups()) {
    for (const std::uint64_t bound : lookup.grid.bounds_ns()) {
      for (const std::uint64_t value : {bound - 1, bound, bound + 1}) {
        ASSERT_NO_FATAL_FAILURE(lookup.expect_agreement(value));
      }
    }
  }
}

TEST(BucketTable, AgreesWithTheGridAroundEverySlice) {
  for (const auto& lookup : lookups()) {
    for (unsigned scale = 1; scale <= RTT_SCALES; ++scale) {
      const unsigned shift = scale * RTT_SCALE_SHIFT;
      for (std::uint64_t slice = 1; slice <= 1u << RTT_SLICES_SHIFT; ++slice) {
        const std::uint64_t first = slice << shift;
        for (const std::uint64_t value : {first - 1, first, first + 1}) {
          ASSERT_NO_FATAL_FAILURE(lookup.expect_agreement(value));
        }
      }
    }
  }
}

TEST(BucketTable, AgreesWithTheGridOnValuesOfEverySize) {
  std::mt19937_64 random(1);
  for (const auto& lookup : lookups()) {
    for (int i = 0; i < 200'000; ++i) {
      ASSERT_NO_FATAL_FAILURE(lookup.expect_agreement(random() >> (1 + random() % 63)));
    }
  }
}

TEST(BucketTable, TheLargestValueIsInTheLastCell) {
  for (const auto& lookup : lookups()) {
    EXPECT_EQ(rtt_cell_of(lookup.table.get(), ~0ull), lookup.grid.cell_count() - 1);
  }
}

}  // namespace
}  // namespace rtt::bpf_test
