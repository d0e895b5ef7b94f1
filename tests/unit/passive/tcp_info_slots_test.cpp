#include "passive/tcp_info_slots.h"

#include <gtest/gtest.h>

namespace rtt::passive {
namespace {

using std::chrono::microseconds;

constexpr targets::Slot kDatabase = 1;
constexpr std::uint8_t kEstablished = 1;
constexpr std::uint8_t kCloseWait = 8;

class TcpInfoSlotsTest : public testing::Test {
 protected:
  TcpInfoSlotsTest() { slots_.configure(classifier_, {series(0), series(1), {}}); }

  static config::Config config() {
    config::Config config;
    config::Target target;
    target.name = "db";
    for (const char* text : {"10.1.0.0/16", "10.2.0.0/16"}) {
      target.networks.push_back({text, *base::IpPrefix::parse(text)});
    }
    config.targets.push_back(target);
    return config;
  }
  TcpInfoSource::SlotSeries series(targets::Slot slot) {
    const metrics::PeerLabels labels{peers_.peer(slot).target, peers_.peer(slot).label, {}};
    TcpInfoSource::SlotSeries made{std::make_shared<metrics::Series>(labels, "tcp_info", grid_),
                                   std::make_shared<metrics::ConnectionSeries>(labels, grid_)};
    series_.push_back(made);
    return made;
  }
  static TcpSocketInfo socket(const char* remote, std::uint32_t srtt_us, std::uint32_t min_rtt_us) {
    TcpSocketInfo socket;
    socket.remote = *base::IpAddress::parse(remote);
    socket.state = kEstablished;
    socket.srtt_us = srtt_us;
    socket.min_rtt_us = min_rtt_us;
    return socket;
  }
  // A poll that sees one connection, of which nothing is known.
  void poll(const TcpSocketInfo& socket, SegmentGrowth growth = {}) {
    KnownPeer unknown;
    poll(socket, growth, unknown);
  }
  void poll(const TcpSocketInfo& socket, SegmentGrowth growth, KnownPeer& known) {
    slots_.begin_poll();
    slots_.visit(socket, growth, known);
    slots_.end_poll(true);
  }
  [[nodiscard]] std::uint64_t observations(targets::Slot slot) const {
    return series_[slot].rtt->snapshot().histogram.count();
  }
  metrics::ConnectionSeries::Snapshot connections(targets::Slot slot) {
    return series_[slot].connections->snapshot();
  }

  std::shared_ptr<const metrics::BucketGrid> grid_ = std::make_shared<const metrics::BucketGrid>(
      metrics::BucketGrid::create({0.001, 0.01}, 3).value());
  targets::PeerTable peers_{config()};
  // Says that all series exist, though the last one does not: that must be survived.
  targets::Classifier classifier_{peers_, std::vector<bool>(peers_.size(), true)};
  std::vector<TcpInfoSource::SlotSeries> series_;
  TcpInfoSlots slots_;
};

TEST_F(TcpInfoSlotsTest, AConnectionIsObservedUnderItsPeer) {
  poll(socket("10.1.2.3", 1500, 900));
  EXPECT_EQ(series_[kDatabase].rtt->snapshot().last, microseconds(1500));
}

TEST_F(TcpInfoSlotsTest, AConnectionOfNoPeerIsOther) {
  poll(socket("192.0.2.1", 1500, 900));
  EXPECT_EQ(series_[targets::kOtherSlot].rtt->snapshot().last, microseconds(1500));
}

TEST_F(TcpInfoSlotsTest, APeerWithoutSeriesIsOther) {
  poll(socket("10.2.0.1", 1500, 900));
  EXPECT_EQ(series_[targets::kOtherSlot].rtt->snapshot().last, microseconds(1500));
}

TEST_F(TcpInfoSlotsTest, AConnectionWithoutASampleIsCountedButNotObserved) {
  poll(socket("10.1.2.3", 0, 0));
  EXPECT_EQ(series_[kDatabase].rtt->snapshot().histogram.count(), 0U);
  EXPECT_EQ(connections(kDatabase).connections, 1U);
}

TEST_F(TcpInfoSlotsTest, WithoutAMinimumThereIsNoQueueing) {
  poll(socket("10.1.2.3", 1500, 0));
  EXPECT_EQ(connections(kDatabase).min_rtt.count(), 0U);
  EXPECT_EQ(connections(kDatabase).queueing.count(), 0U);
}

TEST_F(TcpInfoSlotsTest, QueueingIsTheDifference) {
  poll(socket("10.1.2.3", 1500, 900));
  EXPECT_DOUBLE_EQ(connections(kDatabase).queueing.sum_seconds(), 0.0006);
}

TEST_F(TcpInfoSlotsTest, QueueingIsNeverNegative) {
  poll(socket("10.1.2.3", 900, 1500));
  EXPECT_EQ(connections(kDatabase).queueing.count(), 1U);
  EXPECT_DOUBLE_EQ(connections(kDatabase).queueing.sum_seconds(), 0);
}

TEST_F(TcpInfoSlotsTest, SegmentsAreAddedUnderTheirPeer) {
  slots_.add_segments(socket("10.1.2.3", 0, 0), {7, 2});
  EXPECT_EQ(connections(kDatabase).segments_sent, 7U);
  EXPECT_EQ(connections(kDatabase).segments_retransmitted, 2U);
}

TEST_F(TcpInfoSlotsTest, AnIncompletePollLeavesTheCountsOfTheLastOne) {
  poll(socket("10.1.2.3", 1500, 900));
  slots_.begin_poll();
  slots_.end_poll(false);
  EXPECT_EQ(connections(kDatabase).connections, 1U);
}

TEST_F(TcpInfoSlotsTest, APollThatAReloadCutInTwoLeavesTheCountsOfTheLastOne) {
  poll(socket("10.1.2.3", 1500, 900));
  slots_.begin_poll();
  slots_.configure(classifier_, {series_[0], series_[1], {}});
  slots_.end_poll(true);
  EXPECT_EQ(connections(kDatabase).connections, 1U);
}

TEST_F(TcpInfoSlotsTest, APeerWhoseConnectionsAreGoneHasZero) {
  poll(socket("10.1.2.3", 1500, 900));
  slots_.begin_poll();
  slots_.end_poll(true);
  EXPECT_EQ(connections(kDatabase).connections, 0U);
}

TEST_F(TcpInfoSlotsTest, ManyConnectionsAreEachObservedUnderTheirPeer) {
  constexpr std::uint64_t kMany = 150'000;  // more than are gathered at a time
  slots_.begin_poll();
  for (std::uint64_t i = 0; i < kMany; ++i) {
    KnownPeer unknown;
    slots_.visit(socket(i % 3 == 0 ? "10.1.2.3" : "192.0.2.1", 1500, 900), {}, unknown);
  }
  slots_.end_poll(true);
  EXPECT_EQ(observations(kDatabase), kMany / 3);
  EXPECT_EQ(observations(targets::kOtherSlot), kMany - kMany / 3);
  EXPECT_EQ(connections(kDatabase).connections, kMany / 3);
}

TEST_F(TcpInfoSlotsTest, AConnectionThatClosesIsNotObserved) {
  TcpSocketInfo closing = socket("10.1.2.3", 1500, 900);
  closing.state = kCloseWait;
  poll(closing, {7, 2});
  EXPECT_EQ(observations(kDatabase), 0U);
  EXPECT_EQ(connections(kDatabase).connections, 0U);
  EXPECT_EQ(connections(kDatabase).segments_sent, 7U);
}

TEST_F(TcpInfoSlotsTest, WhatAPollGatheredBeforeAReloadIsObserved) {
  KnownPeer unknown;
  slots_.begin_poll();
  slots_.visit(socket("10.1.2.3", 1500, 900), {7, 2}, unknown);
  slots_.configure(classifier_, {series_[0], {}, {}});
  EXPECT_EQ(observations(kDatabase), 1U);
  EXPECT_EQ(connections(kDatabase).segments_sent, 7U);
}

TEST_F(TcpInfoSlotsTest, APeerThatIsKnownIsNotAskedFor) {
  KnownPeer known;
  poll(socket("10.1.2.3", 1500, 900), {}, known);
  known.slot = targets::kOtherSlot;
  poll(socket("10.1.2.3", 1500, 900), {}, known);
  EXPECT_EQ(observations(targets::kOtherSlot), 1U);
}

TEST_F(TcpInfoSlotsTest, ASocketThatIsUsedAgainForAnotherPeerIsObservedThere) {
  KnownPeer known;
  poll(socket("10.1.2.3", 1500, 900), {}, known);
  poll(socket("192.0.2.1", 1500, 900), {}, known);
  EXPECT_EQ(observations(targets::kOtherSlot), 1U);
}

TEST_F(TcpInfoSlotsTest, AReloadForgetsWhatIsKnown) {
  KnownPeer known;
  poll(socket("10.1.2.3", 1500, 900), {}, known);
  slots_.configure(classifier_, {series_[0], {}, {}});
  poll(socket("10.1.2.3", 1500, 900), {}, known);
  EXPECT_EQ(observations(targets::kOtherSlot), 1U);
}

TEST_F(TcpInfoSlotsTest, ANewAddressOfAHostForgetsWhatIsKnown) {
  KnownPeer known;
  poll(socket("192.0.2.1", 1500, 900), {}, known);
  classifier_.set_addresses(kDatabase, {*base::IpAddress::parse("192.0.2.1")});
  poll(socket("192.0.2.1", 1500, 900), {}, known);
  EXPECT_EQ(observations(kDatabase), 1U);
}

}  // namespace
}  // namespace rtt::passive
