#include "metrics/sliding_window.h"

#include <gtest/gtest.h>

namespace rtt::metrics {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SlidingWindowTest : public ::testing::Test {
 protected:
  void observe(nanoseconds value, base::TimePoint when) {
    window_.observe(grid_.cell_of(value), value, when);
  }

  [[nodiscard]] std::uint32_t cell_of(nanoseconds value) const {
    return static_cast<std::uint32_t>(grid_.cell_of(value));
  }

  const BucketGrid grid_ = *BucketGrid::create({0.001, 0.01, 0.1}, 3);
  const base::TimePoint start_{seconds(1'000'000)};
  SlidingWindow window_;
};

TEST_F(SlidingWindowTest, HasNoMedianWithoutValues) {
  EXPECT_EQ(window_.median(start_), std::nullopt);
}

TEST_F(SlidingWindowTest, MedianOfOneValueIsThatValue) {
  observe(microseconds(20'123), start_);
  EXPECT_EQ(window_.median(start_), nanoseconds(microseconds(20'123)));
}

TEST_F(SlidingWindowTest, OutliersDoNotMoveTheMedian) {
  for (int i = 0; i < 5; ++i) observe(milliseconds(20), start_);
  for (int i = 0; i < 4; ++i) observe(seconds(2), start_);
  EXPECT_EQ(window_.median(start_), nanoseconds(milliseconds(20)));
}

TEST_F(SlidingWindowTest, ValuesOfTheLastMinuteCountTogether) {
  observe(milliseconds(1), start_);
  observe(milliseconds(5), start_ + seconds(20));
  observe(milliseconds(9), start_ + seconds(40));
  EXPECT_EQ(window_.median(start_ + seconds(45)), nanoseconds(milliseconds(5)));
}

TEST_F(SlidingWindowTest, ValuesOlderThanAMinuteAreForgotten) {
  observe(milliseconds(1), start_);
  EXPECT_EQ(window_.median(start_ + seconds(60)), std::nullopt);
}

TEST_F(SlidingWindowTest, ASliceIsReusedForALaterTime) {
  observe(milliseconds(1), start_);
  observe(milliseconds(9), start_ + seconds(60));
  EXPECT_EQ(window_.median(start_ + seconds(60)), nanoseconds(milliseconds(9)));
}

TEST_F(SlidingWindowTest, CountsInOneCellHaveTheirMeanAsMedian) {
  const std::vector<CellCount> cells = {{cell_of(microseconds(250)), 4}};
  window_.add(grid_, {cells, 4, 4 * 250'000}, start_);
  EXPECT_EQ(window_.median(start_), nanoseconds(microseconds(250)));
}

TEST_F(SlidingWindowTest, MedianOfCountsLiesInTheRightCell) {
  const std::uint32_t middle = cell_of(milliseconds(5));
  const std::vector<CellCount> cells = {
      {cell_of(milliseconds(1)), 3}, {middle, 10}, {cell_of(milliseconds(90)), 4}};
  window_.add(grid_, {cells, 17, 500'000'000}, start_);
  ASSERT_TRUE(window_.median(start_).has_value());
  EXPECT_EQ(grid_.cell_of(*window_.median(start_)), middle);
}

}  // namespace
}  // namespace rtt::metrics
