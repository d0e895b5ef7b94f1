#include "web/peer_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/web/fixture.h"

namespace rtt::web {
namespace {

using testing::ElementsAre;

std::vector<std::string> peers_of(const PeerMatrix& matrix) {
  std::vector<std::string> peers;
  for (const Row& row : matrix.rows) peers.push_back(row.peer);
  return peers;
}

TEST(PeerMatrix, PutsAllMethodsOfAPeerInOneRow) {
  SeriesSketch sketch;
  reply(*sketch.probe("db", "10.0.0.5", "icmp"), milliseconds(1));
  reply(*sketch.probe("db", "10.0.0.5", "tcp_connect"), milliseconds(2));
  sketch.passive("db", "10.0.0.5", "tcp_probe")->observe(milliseconds(3));
  const PeerMatrix matrix = tabulate(*sketch.build(), 10);
  ASSERT_EQ(matrix.rows.size(), 1u);
  EXPECT_EQ(matrix.rows[0].cells.size(), 3u);
}

TEST(PeerMatrix, OrdersMethodsWithIcmpFirstAndUnknownOnesLast) {
  SeriesSketch sketch;
  (void)sketch.probe("db", "a", "zebra");
  (void)sketch.probe("db", "a", "tcp_connect");
  (void)sketch.probe("db", "a", "icmp");
  (void)sketch.passive("db", "a", "tcp_info");
  (void)sketch.passive("db", "a", "tcp_handshake");
  EXPECT_THAT(tabulate(*sketch.build(), 10).methods,
              ElementsAre("icmp", "tcp_connect", "tcp_handshake", "tcp_info", "zebra"));
}

TEST(PeerMatrix, KeepsTheOrderOfTheConfigurationWithTheUnmatchedLast) {
  SeriesSketch sketch;
  (void)sketch.passive("other", "", "tcp_probe");
  (void)sketch.passive("web", "z", "tcp_probe");
  (void)sketch.passive("db", "a", "tcp_probe");
  EXPECT_THAT(peers_of(tabulate(*sketch.build(), 10)), ElementsAre("z", "a", ""));
}

TEST(PeerMatrix, KeepsThePeersOfATargetTogetherWhetherProbedOrNot) {
  SeriesSketch sketch;
  (void)sketch.probe("db", "a", "icmp");
  (void)sketch.probe("web", "b", "icmp");
  (void)sketch.passive("db", "10.0.0.0/8", "tcp_probe");
  EXPECT_THAT(peers_of(tabulate(*sketch.build(), 10)), ElementsAre("10.0.0.0/8", "a", "b"));
}

TEST(PeerMatrix, ShowsTheDifferenceOfTheMediansToIcmp) {
  SeriesSketch sketch;
  reply(*sketch.probe("db", "a", "icmp"), milliseconds(20));
  reply(*sketch.probe("db", "a", "tcp_connect"), milliseconds(50));
  const PeerMatrix matrix = tabulate(*sketch.build(), 10);
  EXPECT_EQ(matrix.rows[0].cells.at("tcp_connect").difference, milliseconds(30));
  EXPECT_EQ(matrix.rows[0].cells.at("icmp").difference, std::nullopt);
}

TEST(PeerMatrix, ShowsNoDifferenceWithoutIcmp) {
  SeriesSketch sketch;
  reply(*sketch.probe("db", "a", "tcp_connect"), milliseconds(50));
  EXPECT_EQ(tabulate(*sketch.build(), 10).rows[0].cells.at("tcp_connect").difference, std::nullopt);
}

TEST(PeerMatrix, TellsAProbeThatIsDownFromOneThatStarts) {
  SeriesSketch sketch;
  lose(*sketch.probe("db", "a", "icmp"));
  (void)sketch.probe("db", "a", "tcp_connect");
  reply(*sketch.probe("db", "a", "tcp_echo"), milliseconds(1));
  const PeerMatrix matrix = tabulate(*sketch.build(), 10);
  EXPECT_EQ(matrix.rows[0].cells.at("icmp").probe, Cell::Probe::kDown);
  EXPECT_EQ(matrix.rows[0].cells.at("tcp_connect").probe, Cell::Probe::kStarting);
  EXPECT_EQ(matrix.rows[0].cells.at("tcp_echo").probe, Cell::Probe::kUp);
  EXPECT_EQ(matrix.probes_down, 1u);
}

TEST(PeerMatrix, CountsLostAndFailedProbesAsUnanswered) {
  SeriesSketch sketch;
  const auto series = sketch.probe("db", "a", "icmp");
  reply(*series, milliseconds(1));
  lose(*series);
  series->sent();
  series->failed(metrics::FailureReason::kRefused);
  series->sent();  // still in flight
  const Cell cell = tabulate(*sketch.build(), 10).rows[0].cells.at("icmp");
  EXPECT_EQ(cell.finished, 3u);
  EXPECT_EQ(cell.unsuccessful, 2u);
}

TEST(PeerMatrix, KeepsThePeersThatAreDownWhenThereAreTooMany) {
  SeriesSketch sketch;
  for (int i = 0; i < 20; ++i) {
    const auto series = sketch.probe("db", std::to_string(i), "icmp");
    i == 17 ? lose(*series) : reply(*series, milliseconds(1));
  }
  const PeerMatrix matrix = tabulate(*sketch.build(), 3);
  EXPECT_THAT(peers_of(matrix), ElementsAre("17", "0", "1"));
  EXPECT_EQ(matrix.peers, 20u);
}

TEST(PeerMatrix, SaysHowManySeriesDidNotFit) {
  SeriesSketch sketch;
  (void)sketch.probe("db", "a", "icmp");
  EXPECT_EQ(tabulate(*sketch.build(), 10).series, 1u);
  EXPECT_EQ(tabulate(metrics::SeriesSet(), 10).series_dropped, 0u);
}

}  // namespace
}  // namespace rtt::web
