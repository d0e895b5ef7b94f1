#include "app/change_gatherer.h"

#include <gtest/gtest.h>

#include <vector>

namespace rtt::app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class ChangeGathererTest : public ::testing::Test {
 protected:
  ChangeGatherer gatherer(ChangeGatherer::Times times, std::size_t stop_after = 1) {
    return {loop_, times, [this, stop_after] {
              actions_.push_back(base::Clock::now());
              if (actions_.size() == stop_after) loop_.stop();
            }};
  }

  base::EventLoop loop_;
  std::vector<base::TimePoint> actions_;
};

TEST_F(ChangeGathererTest, ActsOnceForManyChanges) {
  auto changes = gatherer({.settle = milliseconds(5), .spacing = milliseconds(0)});
  for (int i = 0; i < 10; ++i) changes.note();
  auto end = loop_.timer([this] { loop_.stop(); });
  end.expires_after(milliseconds(100));
  loop_.run();
  EXPECT_EQ(actions_.size(), 1U);
}

TEST_F(ChangeGathererTest, WaitsForMoreChanges) {
  auto changes = gatherer({.settle = milliseconds(20), .spacing = milliseconds(0)});
  const auto before = base::Clock::now();
  changes.note();
  loop_.run();
  EXPECT_GE(actions_.front() - before, milliseconds(20));
}

TEST_F(ChangeGathererTest, KeepsItsDistanceFromTheLastAction) {
  auto changes = gatherer({.settle = milliseconds(0), .spacing = milliseconds(50)}, 3);
  auto often = loop_.timer([] {});
  often = loop_.timer([&] {
    changes.note();
    often.expires_after(milliseconds(1));
  });
  often.expires_after(milliseconds(0));
  loop_.run();
  ASSERT_EQ(actions_.size(), 3U);
  EXPECT_GE(actions_[1] - actions_[0], milliseconds(50));
  EXPECT_GE(actions_[2] - actions_[1], milliseconds(50));
}

TEST_F(ChangeGathererTest, AnEarlierNoteGoesBeforeALaterOne) {
  auto changes = gatherer({.settle = milliseconds(1), .spacing = milliseconds(0)});
  changes.note(hours(1));
  changes.note();
  loop_.run();  // would hang
  EXPECT_EQ(actions_.size(), 1U);
}

TEST_F(ChangeGathererTest, WhatSomeoneElseHasDoneIsNotDoneAgain) {
  auto changes = gatherer({.settle = milliseconds(1), .spacing = milliseconds(0)});
  changes.note();
  changes.done();
  auto end = loop_.timer([this] { loop_.stop(); });
  end.expires_after(milliseconds(50));
  loop_.run();
  EXPECT_TRUE(actions_.empty());
}

}  // namespace
}  // namespace rtt::app
