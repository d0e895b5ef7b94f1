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

TEST(ScrapeRules, NegativeCounterIsBroken) {
  EXPECT_THAT(broken(counter("c_total", "c_total -1\n")), ElementsAre(HasSubstr("c_total")));
}

TEST(ScrapeRules, CounterWithoutTotalIsBroken) {
  EXPECT_THAT(broken(counter("c", "c 1\n")), ElementsAre(HasSubstr("without _total")));
}

}  // namespace
}  // namespace rtt::support
