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

  SamplingPolicy policy_;
};

TEST_F(SamplingPolicyTest, WithinTheShareEveryEventCounts) { EXPECT_EQ(after(100, 0.1), 1u); }

TEST_F(SamplingPolicyTest, PastTheShareOneInTwoCountsAtOnce) { EXPECT_EQ(after(1, 0.11), 2u); }

TEST_F(SamplingPolicyTest, TheIntervalRisesByAsMuchAsTheCostIsTooHigh) {
  EXPECT_EQ(after(1, 0.7), 8u);
}

TEST_F(SamplingPolicyTest, WhatDoesNotHelpEnoughIsDoneAgain) {
  EXPECT_EQ(after(1, 0.15), 2u);
  EXPECT_EQ(after(1, 0.12), 4u);
}

TEST_F(SamplingPolicyTest, TheIntervalHasALimit) {
  EXPECT_EQ(after(1000, 100), SamplingPolicy::kMaxInterval);
}

TEST_F(SamplingPolicyTest, NineCalmPeriodsChangeNothing) {
  ASSERT_EQ(after(1, 0.3), 4u);
  EXPECT_EQ(after(9, 0.01), 4u);
}

TEST_F(SamplingPolicyTest, TenCalmPeriodsHalveTheInterval) {
  ASSERT_EQ(after(1, 0.3), 4u);
  EXPECT_EQ(after(10, 0.01), 2u);
}

TEST_F(SamplingPolicyTest, ALivelyPeriodBreaksTheCalm) {
  ASSERT_EQ(after(1, 0.3), 4u);
  (void)after(9, 0.01);
  (void)after(1, 0.08);
  EXPECT_EQ(after(9, 0.01), 4u);
}

TEST_F(SamplingPolicyTest, InTheEndEveryEventCountsAgain) {
  ASSERT_EQ(after(1, 100), SamplingPolicy::kMaxInterval);
  EXPECT_EQ(after(100, 0), 1u);
}

TEST_F(SamplingPolicyTest, HalfOfTheCostIsTooMuchToHalveTheInterval) {
  ASSERT_EQ(after(1, 0.15), 2u);
  EXPECT_EQ(after(100, 0.06), 2u) << "twice as much would be past the share";
}

TEST_F(SamplingPolicyTest, AHigherShareIsUsed) {
  ASSERT_EQ(after(1, 0.15), 2u);
  policy_.set_max_cpu_share(1);
  EXPECT_EQ(after(10, 0.15), 1u);
}

}  // namespace
}  // namespace rtt::passive
