#include "owners/pod_naming.h"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

namespace rtt::owners {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr base::TimePoint kStart{};
const Owner kUnknown{"", "c1", "u1"};
const Owner kNamed{"", "c1", "web-0", "shop"};

class PodNamingTest : public ::testing::Test {
 protected:
  static PodList list() { return {{{"u1", {"web-0", "shop"}}}, 0}; }
  // What was said since the last call, cgroup 1's owners in order.
  std::vector<Owner> said() { return std::exchange(said_, {}); }

  std::vector<Owner> said_;
  PodNaming naming_{[this](std::uint64_t, const Owner& owner) { said_.push_back(owner); }};
};

TEST_F(PodNamingTest, AKnownPodHasItsNameAtOnce) {
  naming_.answer(list(), kStart);
  EXPECT_TRUE(naming_.come(1, kUnknown, kStart));
  EXPECT_THAT(said(), ElementsAre(kNamed));
}

TEST_F(PodNamingTest, AnUnknownPodWaits) {
  EXPECT_FALSE(naming_.come(1, kUnknown, kStart));
  EXPECT_THAT(said(), IsEmpty());
  EXPECT_TRUE(naming_.waiting());
}

TEST_F(PodNamingTest, TheAnswerNamesIt) {
  (void)naming_.come(1, kUnknown, kStart);
  EXPECT_EQ(naming_.answer(list(), kStart + seconds(1)), 1U);
  EXPECT_THAT(said(), ElementsAre(kNamed));
  EXPECT_EQ(naming_.unnamed(), 0U);
}

TEST_F(PodNamingTest, AnAnswerWithoutItThatWasAskedForBeforeSaysNothing) {
  (void)naming_.come(1, kUnknown, kStart);
  naming_.answer({}, kStart - seconds(1));
  EXPECT_THAT(said(), IsEmpty());
  EXPECT_TRUE(naming_.waiting());
}

TEST_F(PodNamingTest, WithoutANameInTheNextAnswerItGoesByItsUid) {
  (void)naming_.come(1, kUnknown, kStart);
  naming_.answer({}, kStart + seconds(1));
  EXPECT_THAT(said(), ElementsAre(kUnknown));
  EXPECT_FALSE(naming_.waiting());
}

TEST_F(PodNamingTest, ByItsUidItGoesOnceOnly) {
  (void)naming_.come(1, kUnknown, kStart);
  naming_.answer({}, kStart + seconds(1));
  naming_.answer({}, kStart + seconds(2));
  naming_.give_up(kStart + seconds(3));
  EXPECT_THAT(said(), ElementsAre(kUnknown));
}

TEST_F(PodNamingTest, WithoutAnAnswerItGoesByItsUid) {
  (void)naming_.come(1, kUnknown, kStart);
  naming_.give_up(kStart);
  EXPECT_THAT(said(), IsEmpty());
  naming_.give_up(kStart + seconds(1));
  EXPECT_THAT(said(), ElementsAre(kUnknown));
}

TEST_F(PodNamingTest, ANameThatComesLaterReplacesTheUid) {
  (void)naming_.come(1, kUnknown, kStart);
  naming_.give_up(kStart + seconds(1));
  naming_.answer(list(), kStart + seconds(2));
  EXPECT_THAT(said(), ElementsAre(kUnknown, kNamed));
}

TEST_F(PodNamingTest, WhatHasGoneIsNotNamed) {
  (void)naming_.come(1, kUnknown, kStart);
  naming_.go(1);
  naming_.answer(list(), kStart + seconds(1));
  EXPECT_THAT(said(), IsEmpty());
  EXPECT_EQ(naming_.unnamed(), 0U);
}

}  // namespace
}  // namespace rtt::owners
