#include "support/trend.h"

#include <gtest/gtest.h>

namespace rtt::support {
namespace {

TEST(Trend, FlatValuesDoNotGrow) { EXPECT_EQ(trend_of({7, 7, 7, 7, 7, 7}).growth(), 0); }

TEST(Trend, SteadyGrowthShowsByTwoThirds) {
  std::vector<double> values;
  for (int i = 0; i < 90; ++i) values.push_back(1000 + i);
  EXPECT_EQ(trend_of(values).growth(), 60);
}

TEST(Trend, SingleValuesThatStickOutDoNotCount) {
  EXPECT_EQ(trend_of({5, 99, 5, 5, 5, 5, 5, 99, 5}).growth(), 0);
}

TEST(Trend, WhatFallsGrowsByLessThanNothing) { EXPECT_LT(trend_of({3, 2, 1}).growth(), 0); }

}  // namespace
}  // namespace rtt::support
