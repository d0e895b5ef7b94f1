#include "metrics/http_series.h"

#include <gmock/gmock.h>

#include "metrics/exposition.h"

namespace rtt::metrics {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HarmonicMean, HasNoValueBeforeTheFirst) { EXPECT_EQ(HarmonicMean().value(), std::nullopt); }

// As much data at 10 as at 30 takes as long as all of it at 15.
TEST(HarmonicMean, IsTheRateOverAllOfTheData) {
  HarmonicMean mean;
  mean.add(10);
  mean.add(30);
  EXPECT_DOUBLE_EQ(mean.value().value_or(0), 15);
}

TEST(HarmonicMean, ForgetsAllButTheLast) {
  HarmonicMean mean;
  mean.add(1);
  for (std::size_t i = 0; i < HarmonicMean::kValues; ++i) mean.add(8);
  EXPECT_DOUBLE_EQ(mean.value().value_or(0), 8);
}

class HttpSeriesTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string scrape(Format format = Format::kText) {
    if (builder_) store_.replace(std::move(*std::exchange(builder_, std::nullopt)).build());
    const auto scrape = exposition_.scrape(format);
    std::string text;
    std::string buffer(1 << 16, '\0');
    while (const std::size_t size = scrape->read(buffer.data(), buffer.size())) {
      text.append(buffer, 0, size);
    }
    return text;
  }

  const std::shared_ptr<const BucketGrid> grid_ =
      std::make_shared<const BucketGrid>(*BucketGrid::create({0.001, 0.01}, 3));
  SeriesStore store_;
  ExporterMetrics exporter_;
  Exposition exposition_{store_, exporter_};
  std::optional<SeriesSet::Builder> builder_{std::in_place, grid_, std::size_t{100}, SeriesSet()};
  const std::shared_ptr<ProbeSeries> series_ =
      builder_->probe({"web", "w1", {{"site", "fra"}}}, "http",
                      {FailureReason::kTls, FailureReason::kRefused}, {.http = true});
};

TEST_F(HttpSeriesTest, EveryPhaseIsThereFromTheFirstScrape) {
  const std::string text = scrape();
  for (const char* phase : {"resolve", "connect", "tls", "first_byte", "transfer"}) {
    EXPECT_THAT(text, HasSubstr("rtt_http_phase_seconds_count{target=\"web\",peer=\"w1\","
                                "site=\"fra\",phase=\"" +
                                std::string(phase) + "\"} 0\n"));
  }
}

TEST_F(HttpSeriesTest, APhaseIsCountedOnTheGrid) {
  series_->http()->observe(HttpPhase::kTls, milliseconds(5));
  EXPECT_THAT(scrape(), HasSubstr("rtt_http_phase_seconds_bucket{target=\"web\",peer=\"w1\","
                                  "site=\"fra\",phase=\"tls\",le=\"0.01\"} 1\n"));
}

TEST_F(HttpSeriesTest, GoodputIsThereWhenThereIsAValue) {
  series_->http()->expect_downloads(true);
  EXPECT_THAT(scrape(), Not(HasSubstr("rtt_goodput_bytes_per_second{")));
  series_->http()->download_completed({1000.0, std::nullopt});
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("rtt_goodput_bytes_per_second{target=\"web\",peer=\"w1\","
                              "site=\"fra\",window=\"whole\"} 1000\n"));
  EXPECT_THAT(text, Not(HasSubstr("window=\"steady\"")));
}

TEST_F(HttpSeriesTest, TheLedgerOfExpectedDownloadsBeginsAtZero) {
  series_->http()->expect_downloads(true);
  const std::string labels = "{target=\"web\",peer=\"w1\",site=\"fra\"";
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("rtt_downloads_completed_total" + labels + "} 0\n"));
  EXPECT_THAT(text, HasSubstr("rtt_downloads_lost_total" + labels + "} 0\n"));
  EXPECT_THAT(text, HasSubstr("rtt_downloads_failed_total" + labels + ",reason=\"tls\"} 0\n"));
}

TEST_F(HttpSeriesTest, WithoutDownloadsThereIsNothingOfThem) {
  EXPECT_THAT(scrape(), Not(HasSubstr("rtt_downloads_completed_total{")));
}

TEST_F(HttpSeriesTest, OpenMetricsHasThePhases) {
  series_->http()->observe(HttpPhase::kResolve, milliseconds(5));
  const std::string text = scrape(Format::kOpenMetrics);
  EXPECT_THAT(text, HasSubstr("# UNIT rtt_http_phase_seconds seconds\n"));
  EXPECT_THAT(text, HasSubstr("phase=\"resolve\",le=\"0.01\"} 1\n"));
}

TEST_F(HttpSeriesTest, ProtobufHasThePhases) {
  EXPECT_THAT(scrape(Format::kProtobuf), HasSubstr("rtt_http_phase_seconds"));
}

TEST_F(HttpSeriesTest, TheMemoryOfAScrapeCoversThePhases) {
  for (int phase = 0; phase < static_cast<int>(kHttpPhaseCount); ++phase) {
    for (int us = 1; us < 1'000'000; us *= 2) {
      series_->http()->observe(static_cast<HttpPhase>(phase), std::chrono::microseconds(us));
    }
  }
  const std::size_t size = scrape(Format::kProtobuf).size();
  EXPECT_GE(exposition_.scrape(Format::kProtobuf)->memory(), size);
}

TEST(SeriesWithoutHttp, HaveNoPhases) {
  const auto grid = std::make_shared<const BucketGrid>(*BucketGrid::create({0.001}, 3));
  EXPECT_EQ(ProbeSeries({"a", "b", {}}, "icmp", grid, {}).http(), nullptr);
}

}  // namespace
}  // namespace rtt::metrics
