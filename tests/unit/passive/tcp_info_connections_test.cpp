#include "passive/tcp_info_connections.h"

#include <gtest/gtest.h>

namespace rtt::passive {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::nanoseconds kInterval = seconds(5);
constexpr base::nanoseconds kActive = milliseconds(10);

class TcpInfoConnections : public testing::Test {
 protected:
  // One complete poll with these connections, five seconds after the last one.
  struct Seen {
    std::uint64_t cookie;
    SegmentCounters counters;
  };
  std::uint64_t poll(std::vector<Seen> seen, bool complete = true) {
    now_ += kInterval;
    table_.begin_poll(now_);
    std::uint64_t sent = 0;
    for (const Seen& one : seen) sent += table_.visit(one.cookie, one.counters).growth.sent;
    table_.end_poll(complete, now_ + milliseconds(10));
    return sent;
  }
  std::uint64_t close(std::uint64_t cookie, SegmentCounters counters,
                      base::nanoseconds idle = kActive) {
    return table_.closed(cookie, counters, idle, now_ + seconds(1)).growth.sent;
  }

  ConnectionTable table_;
  base::TimePoint now_ = base::TimePoint(seconds(1000));
};

TEST_F(TcpInfoConnections, HistoryBeforeTheFirstPollIsNotCounted) {
  EXPECT_EQ(poll({{1, {1000, 3}}}), 0U);
}

TEST_F(TcpInfoConnections, GrowthSinceTheLastPollIsCounted) {
  poll({{1, {1000, 3}}});
  EXPECT_EQ(poll({{1, {1007, 3}}}), 7U);
}

TEST_F(TcpInfoConnections, RetransmissionsAreCountedLikeSegments) {
  poll({{1, {1000, 3}}});
  table_.begin_poll(now_);
  EXPECT_EQ(table_.visit(1, {1007, 5}).growth.retransmitted, 2U);
}

TEST_F(TcpInfoConnections, AConnectionBornLaterCountsFromItsStart) {
  poll({});
  EXPECT_EQ(poll({{2, {50, 0}}}), 50U);
}

TEST_F(TcpInfoConnections, AnIncompleteFirstPollIsNoBaseline) {
  poll({}, false);
  EXPECT_EQ(poll({{1, {1000, 0}}}), 0U);
}

TEST_F(TcpInfoConnections, AConnectionThatTwoPollsMissDoesNotJump) {
  poll({{1, {1000, 0}}});
  poll({});
  poll({});
  EXPECT_EQ(poll({{1, {1010, 0}}}), 10U);
}

TEST_F(TcpInfoConnections, IncompletePollsForgetNothing) {
  poll({{1, {1000, 0}}});
  for (int i = 0; i < 10; ++i) poll({}, false);
  EXPECT_EQ(poll({{1, {1010, 0}}}), 10U);
}

TEST_F(TcpInfoConnections, AConnectionThatThreePollsMissIsForgotten) {
  poll({{1, {1000, 0}}, {2, {5, 0}}});
  for (int i = 0; i < 3; ++i) poll({{2, {5, 0}}});
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(TcpInfoConnections, MemoryIsBoundedEvenIfNoPollIsEverComplete) {
  for (std::uint64_t cookie = 1; cookie <= 1000; ++cookie) poll({{cookie, {1, 0}}}, false);
  EXPECT_LE(table_.size(), 110U);
}

TEST_F(TcpInfoConnections, ADuplicateInOnePollIsNotVisitedAgain) {
  poll({{1, {1000, 0}}});
  table_.begin_poll(now_);
  EXPECT_TRUE(table_.visit(1, {1001, 0}).first_in_poll);
  EXPECT_FALSE(table_.visit(1, {1001, 0}).first_in_poll);
}

TEST_F(TcpInfoConnections, ACounterThatWrapsGoesOn) {
  poll({{1, {0xFFFFFFF0, 0}}});
  EXPECT_EQ(poll({{1, {0x10, 0}}}), 0x20U);
}

TEST_F(TcpInfoConnections, ASocketThatIsUsedAgainStartsAtZero) {
  poll({{1, {1000, 2}}});
  EXPECT_EQ(poll({{1, {30, 0}}}), 30U);
}

TEST_F(TcpInfoConnections, ASocketThatIsUsedAgainStartsAtZeroInBothCounters) {
  poll({{1, {1000, 2}}});
  table_.begin_poll(now_);
  EXPECT_EQ(table_.visit(1, {30, 4}).growth.retransmitted, 4U);
}

TEST_F(TcpInfoConnections, ASocketThatIsUsedAgainIsToldByEitherCounter) {
  poll({{1, {10, 5}}});
  EXPECT_EQ(poll({{1, {50, 1}}}), 50U);
}

TEST_F(TcpInfoConnections, TheLastSegmentsOfAClosedConnectionAreCounted) {
  poll({{1, {1000, 0}}});
  EXPECT_EQ(close(1, {1009, 0}), 9U);
}

TEST_F(TcpInfoConnections, AConnectionBornAndGoneBetweenPollsIsCountedWhole) {
  poll({});
  EXPECT_EQ(close(2, {12, 0}), 12U);
}

TEST_F(TcpInfoConnections, BeforeTheFirstPollNoClosedConnectionIsCounted) {
  EXPECT_EQ(close(2, {12, 0}), 0U);
}

TEST_F(TcpInfoConnections, AConnectionThatEndedBeforeTheFirstPollIsNotCountedWhenItsSocketCloses) {
  poll({});
  EXPECT_EQ(close(2, {1000, 0}, seconds(30)), 0U);
}

TEST_F(TcpInfoConnections, ASocketThatIsDestroyedLongAfterItsConnectionEndedIsNotCountedAgain) {
  poll({{1, {1000, 0}}});
  poll({{1, {1010, 0}}});
  for (int i = 0; i < 4; ++i) poll({});  // reset by its peer, still open in its program
  ASSERT_EQ(table_.size(), 0U);
  EXPECT_EQ(close(1, {1010, 0}, 4 * kInterval), 0U);
}

TEST_F(TcpInfoConnections, AClosedConnectionThatTheRunningDumpStillShowsIsNotVisited) {
  poll({{1, {1000, 0}}});
  table_.begin_poll(now_ + kInterval);
  EXPECT_EQ(table_.closed(1, {1009, 0}, kActive, now_ + kInterval).growth.sent, 9U);
  EXPECT_FALSE(table_.visit(1, {1005, 0}).first_in_poll);
}

TEST_F(TcpInfoConnections, AnUnknownClosedConnectionThatTheRunningDumpStillShowsIsNotCountedTwice) {
  poll({});
  table_.begin_poll(now_ + kInterval);
  EXPECT_EQ(table_.closed(2, {9, 0}, kActive, now_ + kInterval).growth.sent, 9U);
  EXPECT_EQ(table_.visit(2, {8, 0}).growth.sent, 0U);
}

TEST_F(TcpInfoConnections, ClosedConnectionsAreForgottenWithTheNextPoll) {
  poll({{1, {1000, 0}}});
  close(1, {1000, 0});
  poll({});
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(TcpInfoConnections, ClosedConnectionsBetweenPollsTakeNoMemory) {
  poll({});
  for (std::uint64_t cookie = 1; cookie <= 1000; ++cookie) close(cookie, {1, 0});
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(TcpInfoConnections, AnAbortedConnectionWhoseCountersTheKernelClearedDoesNotJump) {
  poll({{1, {1000, 2}}});
  EXPECT_EQ(close(1, {0, 0}), 0U);
}

TEST_F(TcpInfoConnections, ManyConnectionsAreEachKnown) {
  constexpr std::uint32_t kMany = 50'000;
  std::vector<Seen> seen;
  for (std::uint32_t i = 1; i <= kMany; ++i) seen.push_back({i * 4096ULL + i, {i, 0}});
  poll(seen);
  for (Seen& one : seen) ++one.counters.sent;
  EXPECT_EQ(poll(seen), kMany);
  EXPECT_EQ(table_.size(), kMany);
}

TEST_F(TcpInfoConnections, WhatIsKnownOfAPeerStaysWhileTheTableGrows) {
  table_.begin_poll(now_);
  table_.visit(1, {}).peer->slot = 7;
  for (std::uint64_t cookie = 2; cookie <= 1000; ++cookie) (void)table_.visit(cookie, {});
  table_.end_poll(true, now_);
  table_.begin_poll(now_);
  EXPECT_EQ(table_.visit(1, {}).peer->slot, 7U);
}

TEST_F(TcpInfoConnections, ACookieThatTheKernelDidNotGiveIsIgnored) {
  poll({});
  EXPECT_EQ(poll({{0, {5, 0}}}), 0U);
  EXPECT_EQ(close(0, {5, 0}), 0U);
}

}  // namespace
}  // namespace rtt::passive
