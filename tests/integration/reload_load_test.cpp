// Reloads while thousands of peers are probed: nothing is lost, late or miscounted.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "configuration.h"
#include "support/daemon.h"
#include "support/netns.h"
#include "support/scrape_rules.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::LabelSet;
using support::Namespace;
using support::Scrape;
using ::testing::IsEmpty;

constexpr int kPeers = 5000;

// Of loopback, where every address answers.
std::string peer(int number) {
  return "127.1." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
}

std::string target(const std::string& name, int from, int to) {
  std::string text = "  - name: " + name + "\n    probes: [ping]\n    hosts:\n";
  for (int i = from; i < to; ++i) text += "      - " + peer(i) + "\n";
  return text;
}

// Few lines per series, so that a scrape of thousands is read in time.
std::string config(const std::string& targets) {
  return "histogram: {buckets: [], native_schema: null}\nlimits: {max_series: 20000}\n" +
         passive(false, false) +
         "probes: {ping: {method: icmp, interval: 1s, timeout: 10s}}\ntargets:\n" + targets;
}

class ReloadLoadTest : public ::testing::Test {
 protected:
  // Checks what must hold in every scrape.
  Scrape scrape() const {
    const auto response = daemon_.get("/metrics");
    EXPECT_TRUE(response.ok()) << response.error().message;
    auto scrape = Scrape::parse(response->body);
    EXPECT_TRUE(scrape.ok()) << scrape.error().message;
    EXPECT_THAT(unbalanced_ledgers(*scrape), IsEmpty());
    EXPECT_EQ(scrape->value("rtt_exporter_probe_starts_missed_total"), 0);
    EXPECT_EQ(scrape->sum("rtt_probes_lost_total"), 0);
    return *std::move(scrape);
  }
  static double replied(const Scrape& scrape, const LabelSet& labels) {
    return scrape.sum("rtt_probes_replied_total", labels);
  }
  Scrape scrape_until(const std::function<bool(const Scrape&)>& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    for (;;) {
      Scrape last = scrape();
      if (condition(last) || HasFailure()) return last;
      if (std::chrono::steady_clock::now() >= deadline) {
        ADD_FAILURE() << "the scrape that the test waits for does not come";
        return last;
      }
    }
  }
  void reload_with(const std::string& targets) const {
    daemon_.write_config(config(targets));
    ASSERT_EQ(daemon_.reload().status, 200);
  }

  const std::string kept_ = target("kept", 0, kPeers - 1000);
  Namespace here_;
  Daemon daemon_{here_, config(kept_ + target("changing", kPeers - 1000, kPeers))};
};

TEST_F(ReloadLoadTest, AddingRemovingAndRenamingDisturbNothing) {
  const Scrape before = scrape_until([](const Scrape& now) {
    return replied(now, {{"target", "kept"}}) > kPeers &&
           replied(now, {{"target", "changing"}}) > 0;
  });
  for (int round = 0; round < 3; ++round) {
    reload_with(kept_);
    EXPECT_EQ(scrape().samples("rtt_probes_sent_total").size(), kPeers - 1000);
    reload_with(kept_ + target("added", kPeers - 1000, kPeers));
    EXPECT_EQ(scrape().samples("rtt_probes_sent_total").size(), kPeers);
    reload_with(kept_ + target("renamed", kPeers - 1000, kPeers));
    EXPECT_THAT(scrape().samples("rtt_probes_sent_total", {{"target", "added"}}), IsEmpty());
  }
  const Scrape after =
      scrape_until([](const Scrape& now) { return replied(now, {{"target", "renamed"}}) > 1000; });
  EXPECT_EQ(after.sum("rtt_probes_failed_total", {{"target", "kept"}}), 0);
  std::map<std::string, double> counts;
  for (const auto& sample : before.samples("rtt_probes_replied_total", {{"target", "kept"}})) {
    counts[sample.labels.at("peer")] = sample.value;
  }
  for (const auto& sample : after.samples("rtt_probes_replied_total", {{"target", "kept"}})) {
    EXPECT_GE(sample.value, counts.at(sample.labels.at("peer"))) << sample.labels.at("peer");
  }
}

// Many reloads in a row leave time for the probes between them.
TEST_F(ReloadLoadTest, ReloadsThatFollowEachOtherStarveNoProbe) {
  const Scrape before = scrape();
  for (int i = 0; i < 10; ++i) {
    reload_with(kept_ + target(i % 2 == 0 ? "even" : "odd", kPeers - 1000, kPeers));
  }
  const double known = replied(before, {{"target", "kept"}});
  const Scrape after = scrape_until(
      [known](const Scrape& now) { return replied(now, {{"target", "kept"}}) > known + kPeers; });
  EXPECT_EQ(after.sum("rtt_probes_failed_total", {{"target", "kept"}}), 0);
}

}  // namespace
}  // namespace rtt::integration
