#include "passive/owner_series.h"

#include <gmock/gmock.h>

namespace rtt::passive {
namespace {

using std::chrono::minutes;

class OwnerSeriesTest : public testing::Test {
 protected:
  OwnerSeriesTest() { configure(100); }

  void configure(std::size_t max_series, const std::string& peer = "10.0.0.5") {
    peer_ = {"db", peer, {}, {{"unit", ""}}};
    metrics::SeriesSet::Builder builder(grid_, max_series, *store_.current());
    (void)builder.probe({"db", peer, {}}, "icmp", {});
    for (const char* method : {"tcp_probe", "tcp_handshake", "tcp_info"}) {
      (void)builder.passive(peer_, method);
    }
    (void)builder.connections(peer_);
    series_.configure({.planned = std::move(builder).build(),
                       .grid = grid_,
                       .owners = owners_,
                       .max_series = max_series,
                       .expire_after = minutes(10)});
  }
  owners::Number add(const std::string& unit) { return owners_->add(++cgroup_, {unit, "", ""}); }
  OwnerSeries::Pair of(owners::Number owner) {
    auto pair = series_.of(peer_, owner, 1);
    series_.publish();
    return pair;
  }
  std::size_t shown() { return store_.current()->size(); }

  const std::shared_ptr<const metrics::BucketGrid> grid_ =
      std::make_shared<const metrics::BucketGrid>(
          *metrics::BucketGrid::create({0.001}, std::nullopt));
  metrics::ExporterMetrics metrics_;
  metrics::SeriesStore store_;
  std::shared_ptr<owners::CgroupOwners> owners_ =
      std::make_shared<owners::CgroupOwners>(config::OwnerLabels{.unit = true});
  std::uint64_t cgroup_ = 0;
  metrics::PeerLabels peer_;
  OwnerSeries series_{store_, metrics_};
};

TEST_F(OwnerSeriesTest, AnOwnerIsShownOnceSomethingIsCounted) {
  const auto nginx = add("nginx.service");
  EXPECT_EQ(shown(), 4U);
  const auto pair = of(nginx);
  EXPECT_EQ(shown(), 7U);
  EXPECT_EQ(pair.tcp_probe.tcp_probe->key().labels,
            R"(target="db",peer="10.0.0.5",unit="nginx.service",method="tcp_probe")");
}

TEST_F(OwnerSeriesTest, TheSameOwnerHasTheSameSeries) {
  const auto nginx = add("nginx.service");
  EXPECT_EQ(of(nginx).tcp_probe.tcp_probe, of(nginx).tcp_probe.tcp_probe);
  EXPECT_EQ(shown(), 7U);
}

TEST_F(OwnerSeriesTest, NobodyAndTheUnknownHaveNone) {
  EXPECT_EQ(of(owners::kNobody).tcp_probe.tcp_probe, nullptr);
  EXPECT_EQ(series_.unknown_cgroups(), 0U);
  EXPECT_EQ(of(77).tcp_probe.tcp_probe, nullptr);
  EXPECT_EQ(series_.unknown_cgroups(), 1U);
}

TEST_F(OwnerSeriesTest, AnOwnerIsComparedWithTheIcmpOfItsPeer) {
  const auto pair = of(add("nginx.service"));
  const auto set = store_.current();
  std::size_t compared = 0;
  for (const auto& [series, reference] : set->comparisons()) {
    if (&set->rtt(series) != pair.tcp_probe.tcp_probe.get()) continue;
    ++compared;
    EXPECT_EQ(set->rtt(reference).method(), "icmp");
  }
  EXPECT_EQ(compared, 1U);
}

TEST_F(OwnerSeriesTest, PastTheLimitThereIsNone) {
  configure(7);
  EXPECT_NE(of(add("a.service")).tcp_probe.tcp_probe, nullptr);
  EXPECT_EQ(of(add("b.service")).tcp_probe.tcp_probe, nullptr);
  EXPECT_EQ(shown(), 7U);
}

TEST_F(OwnerSeriesTest, WhatIsNotAskedForExpires) {
  const auto nginx = add("nginx.service");
  const auto before = of(nginx).tcp_probe.tcp_probe;
  series_.expire(base::Clock::now() + minutes(9));
  EXPECT_EQ(shown(), 7U);
  series_.expire(base::Clock::now() + minutes(11));
  EXPECT_EQ(shown(), 4U);
  EXPECT_NE(of(nginx).tcp_probe.tcp_probe, before);
}

TEST_F(OwnerSeriesTest, AReloadKeepsThePairsOfPeersThatStay) {
  const auto nginx = add("nginx.service");
  const auto before = of(nginx).tcp_probe.tcp_probe;
  configure(50);
  EXPECT_EQ(shown(), 7U);
  EXPECT_EQ(of(nginx).tcp_probe.tcp_probe, before);
  configure(50, "10.0.0.6");
  EXPECT_EQ(shown(), 4U);
}

TEST_F(OwnerSeriesTest, OtherLabelsBeginAnew) {
  const auto before = of(add("nginx.service")).tcp_probe.tcp_probe;
  owners_ = std::make_shared<owners::CgroupOwners>(config::OwnerLabels{.unit = true});
  configure(100);
  EXPECT_EQ(shown(), 4U);
  EXPECT_NE(of(add("nginx.service")).tcp_probe.tcp_probe, before);
}

TEST_F(OwnerSeriesTest, APeerThatIsGoneHasNone) {
  const auto nginx = add("nginx.service");
  const metrics::PeerLabels old = peer_;
  configure(100, "10.0.0.6");
  EXPECT_EQ(series_.of(old, nginx, 1).tcp_probe.tcp_probe, nullptr);
}

}  // namespace
}  // namespace rtt::passive
