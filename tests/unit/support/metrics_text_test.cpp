#include "support/metrics_text.h"

#include <gmock/gmock.h>

#include <cmath>

namespace rtt::support {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHistogram =
    "# HELP h A histogram.\n"
    "# TYPE h histogram\n"
    "h_bucket{m=\"a\",le=\"1\"} 2\n"
    "h_bucket{m=\"a\",le=\"2\"} 6\n"
    "h_bucket{m=\"a\",le=\"+Inf\"} 8\n"
    "h_sum{m=\"a\"} 12.5\n"
    "h_count{m=\"a\"} 8\n";

Scrape parsed(std::string_view text) {
  auto scrape = Scrape::parse(text);
  EXPECT_TRUE(scrape.ok()) << scrape.error().message;
  return std::move(scrape).value();
}

std::string problem(std::string_view text) {
  const auto scrape = Scrape::parse(text);
  return scrape.ok() ? "none" : scrape.error().message;
}

std::string gauge(std::string_view samples) {
  return "# HELP g A gauge.\n# TYPE g gauge\n" + std::string(samples);
}

TEST(MetricsText, ValueIsFoundBySomeOfItsLabels) {
  EXPECT_EQ(parsed(gauge("g{a=\"1\",b=\"2\"} 5\ng{a=\"2\"} 6\n")).value("g", {{"b", "2"}}), 5);
}

TEST(MetricsText, ValueOfTwoMatchesIsNothing) {
  EXPECT_FALSE(parsed(gauge("g{a=\"1\"} 5\ng{a=\"2\"} 6\n")).value("g"));
}

TEST(MetricsText, EscapesInLabelValuesAreRead) {
  EXPECT_EQ(parsed(gauge("g{a=\"x\\\\y\\\"z\\n\"} 5\n")).samples("g")[0].labels.at("a"),
            "x\\y\"z\n");
}

TEST(MetricsText, InfinityAndNotANumberAreValues) {
  const Scrape scrape = parsed(gauge("g{a=\"1\"} +Inf\ng{a=\"2\"} -Inf\ng{a=\"3\"} NaN\n"));
  EXPECT_EQ(scrape.value("g", {{"a", "1"}}), INFINITY);
  EXPECT_EQ(scrape.value("g", {{"a", "2"}}), -INFINITY);
  EXPECT_TRUE(std::isnan(*scrape.value("g", {{"a", "3"}})));
}

TEST(MetricsText, SumAddsAllThatMatch) {
  EXPECT_EQ(parsed(gauge("g{a=\"1\"} 5\ng{a=\"2\"} 6\n")).sum("g"), 11);
}

TEST(MetricsText, SampleWithoutTypeIsRefused) {
  EXPECT_THAT(problem("g 1\n"), HasSubstr("line 1: g stands apart"));
}

TEST(MetricsText, SampleApartFromItsFamilyIsRefused) {
  EXPECT_THAT(problem(gauge("# HELP x X.\n# TYPE x gauge\ng 1\n")), HasSubstr("line 5"));
}

TEST(MetricsText, SecondHelpIsRefused) {
  EXPECT_THAT(problem(gauge("# HELP g Again.\n")), HasSubstr("a second HELP"));
}

TEST(MetricsText, SecondTypeIsRefused) {
  EXPECT_THAT(problem(gauge("# TYPE g gauge\n")), HasSubstr("a second TYPE"));
}

TEST(MetricsText, SeriesThatStandsThereTwiceIsRefused) {
  EXPECT_THAT(problem(gauge("g{a=\"1\"} 1\ng{a=\"1\"} 2\n")), HasSubstr("twice"));
}

TEST(MetricsText, LineWithoutNewlineIsRefused) {
  EXPECT_THAT(problem(gauge("g 1")), HasSubstr("line 3: ends without a newline"));
}

TEST(MetricsText, BadLinesAreRefused) {
  for (const char* line : {"g{a=1} 1\n", "g{a=\"1\" 1\n", "g{a=\"1\"}\n", "g{a=\"1\"} one\n",
                           "g{a=\"1\",a=\"2\"} 1\n", "g  1\n", "g 1 x\n", "{} 1\n"}) {
    EXPECT_NE(problem(gauge(line)), "none") << line;
  }
}

TEST(MetricsText, HistogramHasItsBuckets) {
  const auto histogram = parsed(kHistogram).histogram("h", {{"m", "a"}});
  ASSERT_TRUE(histogram);
  ASSERT_EQ(histogram->buckets.size(), 3U);
  EXPECT_EQ(histogram->buckets[1].upper_bound, 2);
  EXPECT_EQ(histogram->buckets[1].cumulative, 6);
  EXPECT_EQ(histogram->sum, 12.5);
  EXPECT_EQ(histogram->count, 8);
}

TEST(MetricsText, MedianLiesEvenlyWithinItsBucket) {
  EXPECT_DOUBLE_EQ(parsed(kHistogram).histogram("h")->median().value(), 1.5);
}

TEST(MetricsText, QuantileBeyondTheLastBoundIsThatBound) {
  EXPECT_DOUBLE_EQ(parsed(kHistogram).histogram("h")->quantile(0.99).value(), 2);
}

TEST(MetricsText, HistogramSinceAnEarlierOneCountsTheRest) {
  const auto all = *parsed(kHistogram).histogram("h");
  HistogramSample earlier = all;
  earlier.buckets[0].cumulative = 1;
  earlier.count = 5;
  const HistogramSample rest = all.since(earlier);
  EXPECT_EQ(rest.count, 3);
  EXPECT_EQ(rest.buckets[0].cumulative, 1);
}

}  // namespace
}  // namespace rtt::support
