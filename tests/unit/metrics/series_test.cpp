#include "metrics/series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace rtt::metrics {
namespace {

using std::chrono::milliseconds;

std::shared_ptr<const BucketGrid> small_grid() {
  return std::make_shared<const BucketGrid>(*BucketGrid::create({0.001, 0.01, 0.1}, std::nullopt));
}

class ProbeSeriesTest : public ::testing::Test {
 protected:
  [[nodiscard]] ProbeLedger ledger() const { return series_.probe_snapshot().ledger; }
  [[nodiscard]] std::uint64_t observations() const { return series_.snapshot().histogram.count(); }

  ProbeSeries series_{{"db", "10.0.0.5", {}},
                      "icmp",
                      small_grid(),
                      {FailureReason::kUnreachable, FailureReason::kRefused}};
};

TEST_F(ProbeSeriesTest, ASentProbeIsInFlight) {
  series_.sent();
  EXPECT_EQ(ledger().sent, 1U);
  EXPECT_EQ(ledger().in_flight, 1U);
  EXPECT_FALSE(ledger().up);
}

TEST_F(ProbeSeriesTest, AReplyIsAnObservation) {
  series_.sent();
  series_.replied(milliseconds(5));
  EXPECT_EQ(ledger().replied, 1U);
  EXPECT_EQ(ledger().in_flight, 0U);
  EXPECT_TRUE(ledger().up);
  EXPECT_EQ(observations(), 1U);
  EXPECT_DOUBLE_EQ(series_.snapshot().histogram.sum_seconds(), 0.005);
}

TEST_F(ProbeSeriesTest, ALostProbeIsNoObservation) {
  series_.sent();
  series_.replied(milliseconds(5));
  series_.sent();
  series_.lost();
  EXPECT_EQ(ledger().lost, 1U);
  EXPECT_FALSE(ledger().up);
  EXPECT_EQ(observations(), 1U);
}

TEST_F(ProbeSeriesTest, AFailureCountsUnderItsReason) {
  series_.sent();
  series_.failed(FailureReason::kUnreachable);
  EXPECT_EQ(ledger().failed_total(), 1U);
  EXPECT_EQ(ledger().failed[static_cast<std::size_t>(FailureReason::kUnreachable)], 1U);
  EXPECT_EQ(observations(), 0U);
}

TEST_F(ProbeSeriesTest, AFailureThatWasAnsweredIsAnObservationToo) {
  series_.sent();
  series_.failed(FailureReason::kRefused, milliseconds(3));
  EXPECT_EQ(ledger().failed_total(), 1U);
  EXPECT_EQ(observations(), 1U);
  EXPECT_FALSE(ledger().up);
}

TEST_F(ProbeSeriesTest, LateAndDuplicateRepliesLeaveTheOutcomeAlone) {
  series_.sent();
  series_.lost();
  series_.late();
  series_.duplicate();
  EXPECT_EQ(ledger().lost, 1U);
  EXPECT_EQ(ledger().late, 1U);
  EXPECT_EQ(ledger().duplicate, 1U);
  EXPECT_EQ(observations(), 0U);
}

TEST(ProbeSeries, PathChangesAreCountedBesideTheOutcome) {
  ProbeSeries series({"db", "10.0.0.5", {}}, "icmp", small_grid(), {}, {.path_changes = true});
  series.path_changed();
  EXPECT_EQ(series.probe_snapshot().ledger.path_changes, 1U);
  EXPECT_EQ(series.probe_snapshot().ledger.sent, 0U);
}

TEST_F(ProbeSeriesTest, SmoothedIsTheFirstValueThenMovesByAFifth) {
  EXPECT_EQ(series_.probe_snapshot().smoothed, std::nullopt);
  series_.sent();
  series_.replied(milliseconds(10));
  EXPECT_EQ(series_.probe_snapshot().smoothed, nanoseconds(milliseconds(10)));
  series_.sent();
  series_.replied(milliseconds(20));
  EXPECT_EQ(series_.probe_snapshot().smoothed, nanoseconds(milliseconds(12)));
}

TEST_F(ProbeSeriesTest, JitterMovesByASixteenthOfEachDifference) {
  series_.sent();
  series_.replied(milliseconds(10));
  EXPECT_EQ(series_.probe_snapshot().jitter, nanoseconds(0));
  series_.sent();
  series_.replied(milliseconds(26));
  EXPECT_EQ(series_.probe_snapshot().jitter, nanoseconds(milliseconds(1)));
}

TEST_F(ProbeSeriesTest, LabelTextIsEscaped) {
  const Series series({"a\"b", "c\\d\ne", {{"site", "fra"}}}, "icmp", small_grid());
  EXPECT_EQ(series.key().labels, R"(target="a\"b",peer="c\\d\ne",site="fra",method="icmp")");
}

TEST(Series, KernelCountsAddToWhatIsThere) {
  Series series({"db", "10.0.0.5", {}}, "tcp_probe", small_grid());
  series.observe(milliseconds(5));
  series.add(std::vector<CellCount>{{0, 1}, {1, 2}, {3, 1}}, 1'000'000'000);
  const auto snapshot = series.snapshot();
  EXPECT_EQ(snapshot.histogram.count(), 5U);
  EXPECT_EQ(snapshot.histogram.cells()[1], 3U);
  EXPECT_DOUBLE_EQ(snapshot.histogram.sum_seconds(), 1.005);
}

TEST(Series, AReadingHasTheCellsThatAreNotZero) {
  Series series({"db", "10.0.0.5", {}}, "tcp_probe", small_grid());
  std::vector<CellCount> cells = {{7, 7}};
  EXPECT_EQ(series.read(cells, false).histogram.size, 0U);
  series.observe(milliseconds(5));
  series.observe(milliseconds(6));
  series.observe(milliseconds(500));
  const HistogramReading reading = series.read(cells, false).histogram;
  EXPECT_TRUE(std::ranges::equal(reading.cells(cells), std::vector<CellCount>{{1, 2}, {3, 1}}));
  EXPECT_EQ(reading.count, 3U);
  EXPECT_DOUBLE_EQ(reading.sum_seconds, 0.511);
}

TEST(Series, AReadingOfALargeGridHasEveryCell) {
  const auto grid = std::make_shared<const BucketGrid>(*BucketGrid::create({0.001}, 4));
  Series series({"db", "10.0.0.5", {}}, "tcp_probe", grid);
  std::vector<CellCount> wanted;
  for (std::uint32_t cell = 0; cell < grid->cell_count(); ++cell)
    wanted.push_back({cell, cell + 1});
  series.add(wanted, 1);
  std::vector<CellCount> cells;
  (void)series.read(cells, false);
  EXPECT_EQ(cells, wanted);
}

TEST(Series, AReadingHasTheMedianWhenAskedForIt) {
  Series series({"db", "10.0.0.5", {}}, "tcp_probe", small_grid());
  series.observe(milliseconds(5));
  std::vector<CellCount> cells;
  EXPECT_EQ(series.read(cells, true).median, nanoseconds(milliseconds(5)));
  EXPECT_EQ(series.read(cells, false).median, std::nullopt);
}

TEST(Series, ManyObservationsAtOnceCountLikeOneByOne) {
  Series one_by_one({"db", "10.0.0.5", {}}, "tcp_info", small_grid());
  Series at_once({"db", "10.0.0.5", {}}, "tcp_info", small_grid());
  const std::vector<nanoseconds> rtts = {milliseconds(5), milliseconds(500), nanoseconds(-1)};
  for (const nanoseconds rtt : rtts) one_by_one.observe(rtt);
  at_once.observe(rtts);
  const auto wanted = one_by_one.snapshot();
  const auto snapshot = at_once.snapshot();
  EXPECT_TRUE(std::ranges::equal(snapshot.histogram.cells(), wanted.histogram.cells()));
  EXPECT_EQ(snapshot.histogram.sum_seconds(), wanted.histogram.sum_seconds());
  EXPECT_EQ(snapshot.last, wanted.last);
  EXPECT_EQ(snapshot.median, wanted.median);
}

TEST(ConnectionSeries, EachConnectionIsObservedInBothHistograms) {
  ConnectionSeries series({"db", "10.0.0.5", {}}, small_grid());
  const ConnectionSeries::Rtts rtts[] = {{milliseconds(5), milliseconds(1)},
                                         {milliseconds(7), milliseconds(2)}};
  series.observe(rtts);
  EXPECT_DOUBLE_EQ(series.snapshot().min_rtt.sum_seconds(), 0.012);
  EXPECT_DOUBLE_EQ(series.snapshot().queueing.sum_seconds(), 0.003);
}

TEST(ConnectionSeries, ConnectionsWithoutASampleAreCountedButNotObserved) {
  ConnectionSeries series({"db", "10.0.0.5", {}}, small_grid());
  series.set_connections(1);
  EXPECT_EQ(series.snapshot().min_rtt.count(), 0U);
  EXPECT_EQ(series.snapshot().connections, 1U);
}

}  // namespace
}  // namespace rtt::metrics
