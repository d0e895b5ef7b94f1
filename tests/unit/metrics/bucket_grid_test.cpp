#include "metrics/bucket_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rtt::metrics {
namespace {

using std::chrono::nanoseconds;
using ::testing::HasSubstr;

BucketGrid make(std::vector<double> bounds, std::optional<int> schema) {
  auto grid = BucketGrid::create(std::move(bounds), schema);
  EXPECT_TRUE(grid.ok()) << (grid.ok() ? "" : grid.error().message);
  return *std::move(grid);
}

std::string error_of(std::vector<double> bounds, std::optional<int> schema) {
  const auto grid = BucketGrid::create(std::move(bounds), schema);
  return grid.ok() ? "" : grid.error().message;
}

TEST(BucketGrid, DecimalBoundsAreWholeNanoseconds) {
  const BucketGrid grid = make({0.00002, 0.00003, 0.00007, 0.0003, 0.001, 0.07, 3}, std::nullopt);
  EXPECT_THAT(grid.bounds_ns(), ::testing::ElementsAre(20'000, 30'000, 70'000, 300'000, 1'000'000,
                                                       70'000'000, 3'000'000'000));
}

TEST(BucketGrid, AValueOnABoundLiesInTheCellBelow) {
  const BucketGrid grid = make({0.001, 0.01}, std::nullopt);
  EXPECT_EQ(grid.cell_of(nanoseconds(1'000'000)), 0U);
  EXPECT_EQ(grid.cell_of(nanoseconds(1'000'001)), 1U);
}

TEST(BucketGrid, ValuesAboveTheLastBoundLieInTheLastCell) {
  const BucketGrid grid = make({0.001, 0.01}, std::nullopt);
  EXPECT_EQ(grid.cell_of(std::chrono::hours(1)), grid.cell_count() - 1);
}

TEST(BucketGrid, EveryValueLiesBetweenTheBoundsOfItsCell) {
  const BucketGrid grid = make({0.000000001, 0.000000017, 0.0001, 0.00011, 0.5, 1e6}, 4);
  const auto bounds = grid.bounds_ns();
  std::vector<std::uint64_t> values(bounds.begin(), bounds.end());
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 62; value += value / 37 + 1) {
    values.push_back(value);
  }
  for (const std::uint64_t value : values) {
    for (const std::uint64_t ns : {value - 1, value, value + 1}) {
      const std::size_t cell = grid.cell_of(nanoseconds(static_cast<std::int64_t>(ns)));
      ASSERT_TRUE(cell == bounds.size() || ns <= bounds[cell]) << ns;
      ASSERT_TRUE(cell == 0 || ns > bounds[cell - 1]) << ns;
    }
  }
}

TEST(BucketGrid, NegativeValuesCountAsZero) {
  const BucketGrid grid = make({0.001}, std::nullopt);
  EXPECT_EQ(grid.cell_of(nanoseconds(-5)), 0U);
}

TEST(BucketGrid, NativeBoundsReachFromOneMicrosecondToSixteenSeconds) {
  const BucketGrid grid = make({}, 3);
  EXPECT_EQ(grid.bounds_ns().front(), 953U);  // 2^-20 s
  EXPECT_EQ(grid.bounds_ns().back(), 16'000'000'000U);
  EXPECT_EQ(grid.bounds_ns().size(), 24U * 8 + 1);
}

TEST(BucketGrid, NegativeSchemasHaveFewerBounds) {
  EXPECT_LT(make({}, -1).cell_count(), make({}, 0).cell_count());
}

// The property that makes both expositions exact.
TEST(BucketGrid, EveryCellLiesInOneClassicAndOneNativeBucket) {
  const std::vector<double> classic = {0.00002, 0.0001, 0.0005, 0.001, 0.02, 0.5, 3};
  const BucketGrid grid = make(classic, 3);
  const auto native_index = [](double seconds) {
    return std::ceil(std::log2(seconds) * 8 - 1e-12);
  };
  const auto classic_index = [&](double seconds) {
    return std::lower_bound(classic.begin(), classic.end(), seconds) - classic.begin();
  };
  const auto bounds = grid.bounds_ns();
  for (std::size_t cell = 1; cell < bounds.size(); ++cell) {
    const double lowest = static_cast<double>(bounds[cell - 1] + 1) * 1e-9;
    const double highest = static_cast<double>(bounds[cell]) * 1e-9;
    EXPECT_EQ(native_index(lowest), native_index(highest)) << "cell " << cell;
    EXPECT_EQ(classic_index(lowest), classic_index(highest)) << "cell " << cell;
  }
}

TEST(BucketGrid, ClassicEndIsTheFirstCellPastTheBucket) {
  const BucketGrid grid = make({0.001, 0.01}, 3);
  for (std::size_t i = 0; i < grid.classic_bounds().size(); ++i) {
    const auto bound = nanoseconds(std::llround(grid.classic_bounds()[i] * 1e9));
    EXPECT_EQ(grid.cell_of(bound), grid.classic_end(i) - 1);
    EXPECT_EQ(grid.cell_of(bound + nanoseconds(1)), grid.classic_end(i));
  }
}

TEST(BucketGrid, EqualBoundsOfBothKindsAreOneBound) {
  EXPECT_EQ(make({1.0, 2.0}, 0).cell_count(), make({}, 0).cell_count());
}

TEST(BucketGrid, ClassicTextIsTheShortestThatParsesBack) {
  const BucketGrid grid = make({0.00025, 0.1, 3}, std::nullopt);
  EXPECT_EQ(grid.classic_text(0), "0.00025");
  EXPECT_EQ(grid.classic_text(1), "0.1");
  EXPECT_EQ(grid.classic_text(2), "3");
}

TEST(BucketGrid, BoundsMustRise) {
  EXPECT_EQ(error_of({0.01, 0.001}, 3),
            "bucket bound 0.001 does not lie above 0.01 by a nanosecond or more");
}

TEST(BucketGrid, BoundsMustBePositiveAndFinite) {
  EXPECT_THAT(error_of({0.0}, 3), HasSubstr("out of range"));
  EXPECT_THAT(error_of({std::numeric_limits<double>::quiet_NaN()}, 3), HasSubstr("out of range"));
  EXPECT_THAT(error_of({std::numeric_limits<double>::infinity()}, 3), HasSubstr("out of range"));
}

TEST(BucketGrid, SchemaIsLimited) {
  EXPECT_THAT(error_of({}, 5), HasSubstr("allowed: -4 to 4"));
  EXPECT_THAT(error_of({}, -5), HasSubstr("allowed: -4 to 4"));
}

TEST(BucketGrid, TooManyCellsAreRefused) {
  std::vector<double> bounds;
  for (int i = 1; i <= 300; ++i) bounds.push_back(i * 0.0011);
  EXPECT_THAT(error_of(bounds, 4), HasSubstr("allowed: 512"));
}

}  // namespace
}  // namespace rtt::metrics
