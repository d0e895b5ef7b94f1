#include "passive/sampling_policy.h"

#include <gtest/gtest.h>

namespace rtt::passive {
namespace {

class SamplingPolicyTest : public testing::Test {
 protected:
  SamplingPolicyTest() { policy_.set_max_cpu_share(0.1); }

  /// The interval after so many periods at this share.
  std::uint32_t after(int periods, double share) {
    std::uint32_t interval = 0;
    for (int i = 0; i < periods; ++i) interval = policy_.next(share);
    return interval;
  }
  /// The interval after so many periods of a load that costs `counting` when every event counts, and
  /// of that `looking` whatever is left out.
  std::uint32_t under_load(int periods, double counting, double looking) {
    std::uint32_t interval = 1;
    for (int i = 0; i < periods; ++i) {
      interval = policy_.next(looking + (counting - looking) / interval);
    }
    return interval;
  }

  SamplingPolicy policy_;
};

TEST_F(SamplingPolicyTest, WithinTheShareEveryEventCounts) { EXPECT_EQ(after(100, 0.1), 1u); }

TEST_F(SamplingPolicyTest, PastTheShareOneInTwoCountsAtOnce) { EXPECT_EQ(after(1, 0.11), 2u); }

TEST_F(SamplingPolicyTest, TheIntervalRisesByAsMuchAsTheCostIsTooHigh) {
  EXPECT_EQ(after(1, 0.7), 8u);
}

TEST_F(SamplingPolicyTest, WhatDoesNotHelpEnoughIsDoneAgain) {
  EXPECT_EQ(after(1, 0.18), 2u);
  EXPECT_EQ(after(1, 0.12), 4u);
}

TEST_F(SamplingPolicyTest, WhatDoesNotHelpIsNotDoneAgain) {
  EXPECT_EQ(after(1, 0.18), 2u);
  EXPECT_EQ(after(100, 0.17), 2u);
}

TEST_F(SamplingPolicyTest, ALoadThatGrowsIsAnsweredAgain) {
  EXPECT_EQ(after(1, 0.18), 2u);
  EXPECT_EQ(after(1, 0.17), 2u);
  EXPECT_EQ(after(1, 0.35), 8u);
}

TEST_F(SamplingPolicyTest, WhatLeftOutEventsCostEndsTheRise) {
  EXPECT_LE(under_load(100, 0.5, 0.12), 64u) << "0.12 is past the share, whatever is left out";
}

TEST_F(SamplingPolicyTest, ALoadThatStaysHasAnIntervalThatStays) {
  const std::uint32_t interval = under_load(20, 0.5, 0.05);
  EXPECT_EQ(after(20, 0.05 + 0.45 / interval), interval);
}

TEST_F(SamplingPolicyTest, TheIntervalHasALimit) {
  EXPECT_EQ(after(1000, 1000), SamplingPolicy::kMaxInterval);
}

TEST_F(SamplingPolicyTest, FourCalmPeriodsChangeNothing) {
  ASSERT_EQ(after(1, 0.3), 4u);
  EXPECT_EQ(after(4, 0.02), 4u);
}

TEST_F(SamplingPolicyTest, FiveCalmPeriodsLowerTheInterval) {
  ASSERT_EQ(after(1, 0.3), 4u);
  EXPECT_EQ(after(5, 0.02), 2u);
}

TEST_F(SamplingPolicyTest, WhenTheLoadIsGoneEveryEventCountsAfterFivePeriods) {
  ASSERT_EQ(after(1, 1000), SamplingPolicy::kMaxInterval);
  EXPECT_EQ(after(5, 0), 1u);
}

TEST_F(SamplingPolicyTest, TheLiveliestOfTheCalmPeriodsDecides) {
  ASSERT_EQ(after(1, 0.7), 8u);
  (void)after(3, 0.0001);
  (void)after(1, 0.02);
  EXPECT_EQ(after(1, 0.0001), 4u);
}

TEST_F(SamplingPolicyTest, ALivelyPeriodBreaksTheCalm) {
  ASSERT_EQ(after(1, 0.3), 4u);
  (void)after(4, 0.02);
  (void)after(1, 0.08);
  EXPECT_EQ(after(4, 0.02), 4u);
}

TEST_F(SamplingPolicyTest, TheIntervalIsNotLoweredWhereTwiceTheCostWouldBeCloseToTheShare) {
  ASSERT_EQ(after(1, 0.15), 2u);
  EXPECT_EQ(after(100, 0.03), 2u);
}

TEST_F(SamplingPolicyTest, AHigherShareIsUsed) {
  ASSERT_EQ(after(1, 0.15), 2u);
  policy_.set_max_cpu_share(1);
  EXPECT_EQ(after(5, 0.15), 1u);
}

}  // namespace
}  // namespace rtt::passive
