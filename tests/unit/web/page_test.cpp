#include "web/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/web/fixture.h"

namespace rtt::web {
namespace {

using testing::HasSubstr;
using testing::Not;

PageContent content_of(const metrics::SeriesSet& set, std::size_t max_rows = 100) {
  return {.version = "1.2.3",
          .telemetry_path = "/metrics",
          .ready = true,
          .sources = {},
          .peers = tabulate(set, max_rows)};
}

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(Page, ShowsTheVersion) {
  EXPECT_THAT(render_page(content_of(metrics::SeriesSet())), HasSubstr("version 1.2.3"));
}

TEST(Page, LinksToTheMetricsAndTheHealth) {
  PageContent content = content_of(metrics::SeriesSet());
  content.telemetry_path = "/elsewhere";
  const std::string page = render_page(content);
  EXPECT_THAT(page, HasSubstr("href=\"/elsewhere\""));
  EXPECT_THAT(page, HasSubstr("href=\"/-/healthy\""));
}

TEST(Page, SaysWhyASourceIsOff) {
  PageContent content = content_of(metrics::SeriesSet());
  content.sources = {{"tcp_info", true, ""}, {"tcp_probe", false, "this kernel has no BTF"}};
  const std::string page = render_page(content);
  EXPECT_THAT(page, HasSubstr("tcp_probe is off"));
  EXPECT_THAT(page, HasSubstr("this kernel has no BTF"));
  EXPECT_THAT(page, Not(HasSubstr("tcp_info is off")));
}

TEST(Page, ShowsMedianLastAndDifferenceOfAMethod) {
  SeriesSketch sketch;
  reply(*sketch.probe("db", "10.0.0.5", "icmp"), milliseconds(20));
  reply(*sketch.probe("db", "10.0.0.5", "tcp_connect"), milliseconds(50));
  const std::string page = render_page(content_of(*sketch.build()));
  EXPECT_THAT(page, HasSubstr("20.0 ms<small>last 20.0 ms</small>"));
  EXPECT_THAT(page, HasSubstr("50.0 ms<small>+30.0 ms to ICMP</small><small>last 50.0 ms</small>"));
}

TEST(Page, MarksAProbeThatIsDown) {
  SeriesSketch sketch;
  const auto series = sketch.probe("db", "10.0.0.5", "icmp");
  for (int i = 0; i < 3; ++i) reply(*series, milliseconds(20));
  lose(*series);
  const std::string page = render_page(content_of(*sketch.build()));
  EXPECT_THAT(page, HasSubstr("25 % without success"));
  EXPECT_THAT(page, HasSubstr("1 probe without a reply"));
  EXPECT_THAT(page, HasSubstr("<td class=\"bad\">"));
}

TEST(Page, EscapesEveryNameAndReason) {
  const std::string evil = "<script>alert('\"')</script>";
  SeriesSketch sketch;
  reply(*sketch.probe(evil, evil, evil), milliseconds(1));
  PageContent content = content_of(*sketch.build());
  content.version = content.telemetry_path = evil;
  content.sources = {{evil, false, evil}};
  const std::string page = render_page(content);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_EQ(count_of(page, "&lt;script&gt;"), 7u);
}

TEST(Page, SaysThatItShowsOnlySomeOfThePeers) {
  SeriesSketch sketch;
  for (int i = 0; i < 2000; ++i) {
    reply(*sketch.probe("db", std::to_string(i), "icmp"), milliseconds(1));
  }
  const std::string page = render_page(content_of(*sketch.build(), 500));
  EXPECT_THAT(page, HasSubstr("2,000 peers"));
  EXPECT_THAT(page, HasSubstr("This page shows 500 peers"));
  EXPECT_EQ(count_of(page, "<tr><td>"), 500u);
}

TEST(Page, SaysThatNothingIsMeasured) {
  EXPECT_THAT(render_page(content_of(metrics::SeriesSet())), HasSubstr("Nothing is measured"));
}

TEST(Page, GroupsThePeersOfATarget) {
  SeriesSketch sketch;
  (void)sketch.probe("db", "a", "icmp");
  (void)sketch.probe("db", "b", "icmp");
  (void)sketch.probe("web", "c", "icmp");
  EXPECT_EQ(count_of(render_page(content_of(*sketch.build())), "<tbody>"), 2u);
}

}  // namespace
}  // namespace rtt::web
