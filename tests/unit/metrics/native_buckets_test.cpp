#include "metrics/native_buckets.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

namespace rtt::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Span = SparseBuckets::Span;

BucketGrid make_grid(int schema, std::vector<double> classic = {0.00001, 0.001, 0.1, 3, 30}) {
  return BucketGrid::create(std::move(classic), schema).value();
}

class Counts {
 public:
  explicit Counts(int schema) : Counts(make_grid(schema)) {}
  explicit Counts(BucketGrid grid) : grid_(std::move(grid)) {}

  Counts& add(double seconds, std::uint64_t count = 1) {
    cells_[static_cast<std::uint32_t>(
        grid_.cell_of(base::nanoseconds(std::llround(seconds * 1e9))))] += count;
    return *this;
  }
  [[nodiscard]] SparseBuckets sparse() const {
    std::vector<CellCount> cells;
    for (const auto& [cell, count] : cells_) cells.push_back({cell, count});
    SparseBuckets buckets;
    to_native(grid_, cells, buckets);
    return buckets;
  }
  /// As a reader of the format sees them: counts by index, the empty ones left out.
  [[nodiscard]] std::map<int, std::int64_t> by_index() const {
    const SparseBuckets buckets = sparse();
    std::map<int, std::int64_t> counts;
    auto delta = buckets.deltas.begin();
    std::int64_t count = 0;
    int index = 0;
    for (const Span& span : buckets.spans) {
      index += span.offset;
      for (std::uint32_t i = 0; i < span.length; ++i, ++index) {
        count += *delta++;
        if (count != 0) counts[index] = count;
      }
    }
    EXPECT_EQ(delta, buckets.deltas.end());
    return counts;
  }

 private:
  BucketGrid grid_;
  std::map<std::uint32_t, std::uint64_t> cells_;
};

TEST(NativeBuckets, NothingObservedIsNoBucket) {
  const SparseBuckets buckets = Counts(3).sparse();
  EXPECT_EQ(buckets.zero_count, 0U);
  EXPECT_THAT(buckets.spans, IsEmpty());
  EXPECT_THAT(buckets.deltas, IsEmpty());
}

// Bucket i of schema 0 is (2^(i-1), 2^i].
TEST(NativeBuckets, AValueLiesInTheBucketBelowItsUpperBound) {
  EXPECT_THAT(Counts(0).add(0.3).add(0.5).add(0.6).by_index(),
              ElementsAre(Pair(-1, 2), Pair(0, 1)));
}

TEST(NativeBuckets, EverySchemaCountsByItsOwnBounds) {
  for (int schema = BucketGrid::kMinSchema; schema <= BucketGrid::kMaxSchema; ++schema) {
    const double base = std::exp2(std::exp2(-schema));
    for (const double value : {0.00002, 0.00013, 0.0042, 0.04, 0.9, 7.7}) {
      const double threshold = make_grid(schema).zero_threshold();
      if (value <= threshold) continue;
      const int index = static_cast<int>(std::ceil(std::log(value) / std::log(base)));
      EXPECT_THAT(Counts(schema).add(value, 5).by_index(), ElementsAre(Pair(index, 5)))
          << schema << " " << value;
    }
  }
}

TEST(NativeBuckets, ClassicBoundsInsideABucketDoNotSplitIt) {
  const SparseBuckets buckets =
      Counts(make_grid(0, {0.3, 0.35, 0.4})).add(0.26).add(0.32).add(0.38).add(0.45).sparse();
  EXPECT_THAT(buckets.spans, ElementsAre(Span{-1, 1}));
  EXPECT_THAT(buckets.deltas, ElementsAre(4));
}

TEST(NativeBuckets, ValuesUpToTheLowestBoundAreTheZeroBucket) {
  const Counts counts = Counts(3).add(0).add(0.0000005).add(0.00000095);
  EXPECT_EQ(counts.sparse().zero_count, 3U);
  EXPECT_THAT(counts.by_index(), IsEmpty());
  EXPECT_NEAR(make_grid(3).zero_threshold(), 0.00000095, 1e-8);
}

TEST(NativeBuckets, ValuesAboveTheHighestBoundAreTheBucketAboveIt) {
  EXPECT_THAT(Counts(0).add(16).add(17).add(29).add(1000).by_index(),
              ElementsAre(Pair(4, 1), Pair(5, 3)));
}

TEST(NativeBuckets, AShortGapIsBridgedAndALongOneIsAFurtherSpan) {
  const SparseBuckets near = Counts(0).add(0.4, 3).add(3, 5).sparse();
  EXPECT_THAT(near.spans, ElementsAre(Span{-1, 4}));
  EXPECT_THAT(near.deltas, ElementsAre(3, -3, 0, 5));
  const SparseBuckets far = Counts(0).add(0.4, 3).add(6, 5).sparse();
  EXPECT_THAT(far.spans, ElementsAre(Span{-1, 1}, Span{3, 1}));
  EXPECT_THAT(far.deltas, ElementsAre(3, 2));
}

TEST(NativeBuckets, NothingOfAnEarlierConversionStays) {
  SparseBuckets buckets = Counts(0).add(0).add(1).sparse();
  to_native(make_grid(0), {}, buckets);
  EXPECT_EQ(buckets.zero_count, 0U);
  EXPECT_THAT(buckets.spans, IsEmpty());
  EXPECT_THAT(buckets.deltas, IsEmpty());
}

}  // namespace
}  // namespace rtt::metrics
