#include "support/scrape_rules.h"

#include <gmock/gmock.h>

namespace rtt::support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> broken(const std::string& text) {
  auto scrape = Scrape::parse(text);
  EXPECT_TRUE(scrape.ok()) << scrape.error().message;
  return broken_rules(*scrape);
}

std::string counter(const std::string& name, const std::string& samples) {
  return "# HELP " + name + " H.\n# TYPE " + name + " counter\n" + samples;
}

std::string ledger(int sent) {
  return counter("rtt_probes_sent_total",
                 "rtt_probes_sent_total{method=\"m\"} " + std::to_string(sent) + "\n") +
         counter("rtt_probes_replied_total", "rtt_probes_replied_total{method=\"m\"} 3\n") +
         counter("rtt_probes_lost_total", "rtt_probes_lost_total{method=\"m\"} 2\n") +
         counter("rtt_probes_failed_total",
                 "rtt_probes_failed_total{method=\"m\",reason=\"a\"} 1\n"
                 "rtt_probes_failed_total{method=\"m\",reason=\"b\"} 4\n") +
         "# HELP rtt_probes_in_flight H.\n# TYPE rtt_probes_in_flight gauge\n"
         "rtt_probes_in_flight{method=\"m\"} 1\n";
}

std::string histogram(int middle, const std::string& last, int count) {
  return "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} " +
         std::to_string(middle) + "\nh_bucket{le=\"" + last + "\"} 8\nh_sum 12.5\nh_count " +
         std::to_string(count) + "\n";
}

TEST(ScrapeRules, LedgerThatAddsUpIsGood) { EXPECT_THAT(broken(ledger(11)), IsEmpty()); }

TEST(ScrapeRules, LedgerThatDoesNotAddUpIsBroken) {
  EXPECT_THAT(broken(ledger(12)), ElementsAre(HasSubstr("method=m")));
}

TEST(ScrapeRules, CumulativeHistogramIsGood) {
  EXPECT_THAT(broken(histogram(6, "+Inf", 8)), IsEmpty());
}

TEST(ScrapeRules, FallingBucketIsBroken) {
  EXPECT_THAT(broken(histogram(1, "+Inf", 8)), ElementsAre(HasSubstr("fall")));
}

TEST(ScrapeRules, InfinityBucketOtherThanCountIsBroken) {
  EXPECT_THAT(broken(histogram(6, "+Inf", 9)), ElementsAre(HasSubstr("not _count")));
}

TEST(ScrapeRules, MissingInfinityBucketIsBroken) {
  EXPECT_THAT(broken(histogram(6, "4", 8)), ElementsAre(HasSubstr("no +Inf")));
}

TEST(ScrapeRules, BoundsThatDoNotRiseAreBroken) {
  EXPECT_THAT(broken(histogram(6, "1.5", 8)),
              ElementsAre(HasSubstr("do not rise"), HasSubstr("no +Inf")));
}

TEST(ScrapeRules, HistogramWithoutItsSumIsBroken) {
  std::string text = histogram(6, "+Inf", 8);
  text.erase(text.find("h_sum 12.5\n"), 11);
  EXPECT_THAT(broken(text), ElementsAre(HasSubstr("lacks its _sum")));
}

TEST(ScrapeRules, NegativeCounterIsBroken) {
  EXPECT_THAT(broken(counter("c_total", "c_total -1\n")), ElementsAre(HasSubstr("c_total")));
}

TEST(ScrapeRules, CounterWithoutTotalIsBroken) {
  EXPECT_THAT(broken(counter("c", "c 1\n")), ElementsAre(HasSubstr("without _total")));
}

std::vector<std::string> fallen_counters(const std::string& earlier, const std::string& later) {
  const auto before = Scrape::parse(counter("a_total", earlier));
  const auto after = Scrape::parse(later.empty() ? "" : counter("a_total", later));
  EXPECT_TRUE(before && after);
  const auto all_but_two = [](const Sample& sample) { return sample.labels.at("x") != "2"; };
  return fallen(counts_of(*before, all_but_two), counts_of(*after, all_but_two));
}

TEST(FallenCounters, WhatRisesOrStaysIsGood) {
  EXPECT_THAT(fallen_counters("a_total{x=\"1\"} 3\na_total{x=\"3\"} 4\n",
                              "a_total{x=\"1\"} 3\na_total{x=\"3\"} 5\n"),
              IsEmpty());
}

TEST(FallenCounters, WhatFallsIsNamed) {
  EXPECT_THAT(fallen_counters("a_total{x=\"1\"} 3\n", "a_total{x=\"1\"} 2\n"),
              ElementsAre(HasSubstr("a_total{x=1,} was 3")));
}

TEST(FallenCounters, WhatIsGoneIsNamed) {
  EXPECT_THAT(fallen_counters("a_total{x=\"1\"} 3\n", ""), ElementsAre(HasSubstr("is gone")));
}

TEST(FallenCounters, WhatNeedNotLiveOnIsPassedOver) {
  EXPECT_THAT(fallen_counters("a_total{x=\"2\"} 3\n", "a_total{x=\"2\"} 1\n"), IsEmpty());
}

}  // namespace
}  // namespace rtt::support
