#include "metrics/series_store.h"

#include <gtest/gtest.h>

namespace rtt::metrics {
namespace {

class SeriesStoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] SeriesSet::Builder builder(std::size_t max_series = 100) const {
    return {grid_, max_series, *previous_};
  }

  const std::shared_ptr<const BucketGrid> grid_ =
      std::make_shared<const BucketGrid>(*BucketGrid::create({0.001}, std::nullopt));
  const PeerLabels peer_{"db", "10.0.0.5", {}};
  std::shared_ptr<const SeriesSet> previous_ = std::make_shared<SeriesSet>();
};

TEST_F(SeriesStoreTest, ASeriesWithEqualLabelsGoesOn) {
  auto first = builder();
  const auto series = first.probe(peer_, "icmp", {});
  const auto connections = first.connections(peer_);
  previous_ = std::move(first).build();
  auto second = builder();
  EXPECT_EQ(second.probe(peer_, "icmp", {}), series);
  EXPECT_EQ(second.connections(peer_), connections);
}

TEST_F(SeriesStoreTest, OtherConstantLabelsAreAnotherSeries) {
  auto first = builder();
  const auto series = first.passive(peer_, "tcp_probe");
  previous_ = std::move(first).build();
  auto second = builder();
  EXPECT_NE(second.passive({"db", "10.0.0.5", {{"site", "fra"}}}, "tcp_probe"), series);
}

TEST_F(SeriesStoreTest, WhatDoesNotFitIsCountedAsDropped) {
  auto set = builder(2);
  ASSERT_TRUE(set.has_room(2));
  (void)set.passive(peer_, "tcp_probe");
  (void)set.passive(peer_, "tcp_handshake");
  EXPECT_FALSE(set.has_room(3));
  EXPECT_EQ(std::move(set).build()->dropped(), 3U);
}

TEST_F(SeriesStoreTest, EveryMethodOfAPeerIsComparedWithItsIcmp) {
  auto set = builder();
  const auto icmp = set.probe(peer_, "icmp", {});
  const auto passive = set.passive(peer_, "tcp_probe");
  (void)set.passive({"web", "10.0.0.6", {}}, "tcp_probe");
  const auto built = std::move(set).build();
  ASSERT_EQ(built->comparisons().size(), 1U);
  EXPECT_EQ(&built->rtt(built->comparisons()[0].series), passive.get());
  EXPECT_EQ(&built->rtt(built->comparisons()[0].reference), icmp.get());
}

}  // namespace
}  // namespace rtt::metrics
