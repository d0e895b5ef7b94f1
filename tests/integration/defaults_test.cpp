// What a user sees who starts the program without a configuration.
#include <gmock/gmock.h>

#include <algorithm>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Namespace;
using support::Scrape;
using ::testing::HasSubstr;

constexpr const char* kMethods[] = {"icmp",      "tcp_connect",   "tcp_echo",
                                    "tcp_probe", "tcp_handshake", "tcp_info"};

class DefaultsTest : public ::testing::Test {
 protected:
  static bool every_method_has_observed(const Scrape& scrape) {
    for (const char* method : kMethods) {
      const support::LabelSet labels = {{"target", "self"}, {"method", method}};
      if (scrape.sum("rtt_seconds_count", labels) == 0) return false;
    }
    return true;
  }

  Namespace here_;
  Daemon daemon_{here_, Daemon::Options{}};
};

TEST_F(DefaultsTest, EveryMethodObservesTargetSelfWithinSeconds) {
  (void)daemon_.scrape_until(every_method_has_observed, 10s);
}

TEST_F(DefaultsTest, EveryConfiguredSeriesIsThereFromTheFirstScrape) {
  const Scrape scrape = daemon_.scrape();
  for (const char* method : kMethods) {
    EXPECT_TRUE(scrape.histogram("rtt_seconds", {{"target", "self"}, {"method", method}}))
        << method;
  }
  for (const char* method : {"icmp", "tcp_connect", "tcp_echo"}) {
    const support::LabelSet labels = {{"target", "self"}, {"method", method}};
    for (const char* name : {"sent", "replied", "lost", "late", "duplicate"}) {
      const std::string family = std::string("rtt_probes_") + name + "_total";
      EXPECT_TRUE(scrape.value(family, labels)) << family << " " << method;
    }
    EXPECT_FALSE(scrape.samples("rtt_probes_failed_total", labels).empty()) << method;
  }
}

TEST_F(DefaultsTest, EverySourceIsUp) {
  const Scrape scrape = daemon_.scrape();
  for (const char* source : {"tcp_probe", "tcp_info", "icmp", "tcp_connect", "tcp_echo"}) {
    EXPECT_EQ(scrape.value("rtt_source_up", {{"source", source}}), 1) << source;
  }
}

TEST_F(DefaultsTest, PromtoolFindsNothingToSay) {
  (void)daemon_.scrape_until(every_method_has_observed, 10s);
  const auto response = daemon_.get("/metrics");
  ASSERT_TRUE(response.ok()) << response.error().message;
  const support::TemporaryDirectory directory;
  support::Process promtool(
      {"sh", "-c", "promtool check metrics < " + directory.write("metrics", response->body)});
  EXPECT_EQ(promtool.wait(30s), 0);
  EXPECT_EQ(promtool.output() + promtool.errors(), "");
}

TEST_F(DefaultsTest, DifferenceToIcmpIsThere) {
  (void)daemon_.scrape_until([](const Scrape& scrape) {
    return scrape.value("rtt_difference_seconds", {{"target", "self"}, {"method", "tcp_echo"}})
        .has_value();
  });
}

TEST_F(DefaultsTest, PageShowsTheTarget) {
  const auto response = daemon_.get("/");
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("self"));
}

TEST_F(DefaultsTest, EchoServerListensOnLoopbackOnly) {
  const std::string listeners = here_.command({"ss", "-Hltn", "sport = :10007"});
  EXPECT_THAT(listeners, HasSubstr("127.0.0.1:10007"));
  EXPECT_EQ(std::count(listeners.begin(), listeners.end(), '\n'), 1) << listeners;
}

}  // namespace
}  // namespace rtt::integration
