#include "app/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"
#include "probers/method_table.h"

namespace rtt::app {
namespace {

using ::testing::ElementsAre;

config::Config parse(const std::string& yaml) {
  auto loaded = config::load(yaml, "test.yml", probers::method_schemas());
  if (const auto* problems = std::get_if<config::Problems>(&loaded)) {
    ADD_FAILURE() << ::testing::PrintToString(*problems);
    return {};
  }
  return std::get<config::Config>(std::move(loaded));
}

Plan plan_of(const std::string& yaml, const metrics::SeriesSet& previous = {}) {
  static const auto grid = std::make_shared<const metrics::BucketGrid>(
      *metrics::BucketGrid::create({0.001}, std::nullopt));
  return make_plan(parse(yaml), grid, previous);
}

std::vector<std::string> passive_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& series : plan.series->passive()) {
    names.push_back(series->peer().target + " " + series->peer().peer + " " + series->method());
  }
  return names;
}

TEST(Plan, AnEmptyConfigurationCountsEverythingUnderOther) {
  const Plan plan = plan_of("{}");
  EXPECT_THAT(passive_names(plan),
              ElementsAre("other  tcp_probe", "other  tcp_handshake", "other  tcp_info"));
  EXPECT_TRUE(plan.probes.empty());
}

TEST(Plan, ASourceThatIsOffHasNoSeries) {
  const Plan plan = plan_of("passive: {tcp_probe: {enabled: false}}");
  EXPECT_THAT(passive_names(plan), ElementsAre("other  tcp_info"));
  EXPECT_EQ(plan.tcp_probe[targets::kOtherSlot].tcp_probe, nullptr);
}

TEST(Plan, EveryMethodOfAHostHasTheSameLabels) {
  const Plan plan = plan_of(R"(
passive: {tcp_info: {enabled: false}}
probes:
  ping: {method: icmp}
targets:
  - {name: db, hosts: [10.0.0.5], probes: [ping]}
)");
  ASSERT_EQ(plan.probes.size(), 1U);
  EXPECT_EQ(plan.probes[0].host, "10.0.0.5");
  EXPECT_EQ(plan.probes[0].series->peer(), plan.tcp_probe[1].tcp_probe->peer());
  EXPECT_THAT(plan.hosts, ElementsAre("10.0.0.5"));
}

TEST(Plan, TheTargetSaysWhetherAllAddressesAreProbed) {
  const Plan plan = plan_of(R"(
probes:
  ping: {method: icmp}
targets:
  - {name: one, hosts: [a.test], probes: [ping]}
  - {name: all, hosts: [b.test], probes: [ping], addresses: all}
)");
  ASSERT_EQ(plan.probes.size(), 2U);
  EXPECT_FALSE(plan.probes[0].all_addresses);
  EXPECT_TRUE(plan.probes[1].all_addresses);
}

TEST(Plan, PeersPastTheLimitAreNotCountedButOtherIs) {
  const Plan plan = plan_of(R"(
limits: {max_series: 6}
targets:
  - {name: db, networks: [10.1.0.0/16, 10.2.0.0/16]}
)");
  EXPECT_THAT(plan.counted, ElementsAre(true, true, false));
  EXPECT_EQ(plan.series->size(), 6U);
  EXPECT_EQ(plan.series->dropped(), 3U);
  EXPECT_EQ(plan.tcp_probe[2].tcp_probe, nullptr);
  EXPECT_EQ(plan.tcp_info[2].rtt, nullptr);
}

TEST(Plan, AProbePastTheLimitIsNotPlanned) {
  const Plan plan = plan_of(R"(
passive: {tcp_probe: {enabled: false}, tcp_info: {enabled: false}}
limits: {max_series: 1}
probes:
  ping: {method: icmp}
targets:
  - {name: db, hosts: [10.0.0.5, 10.0.0.6], probes: [ping]}
)");
  EXPECT_EQ(plan.probes.size(), 1U);
  EXPECT_EQ(plan.series->dropped(), 1U);
}

TEST(Plan, TheNextConfigurationGoesOnWithTheSeriesThatStay) {
  const Plan first = plan_of("targets: [{name: db, networks: [10.1.0.0/16, 10.2.0.0/16]}]");
  const Plan second =
      plan_of("targets: [{name: db, networks: [10.2.0.0/16, 10.3.0.0/16]}]", *first.series);
  EXPECT_EQ(second.tcp_probe[1].tcp_probe, first.tcp_probe[2].tcp_probe);
  EXPECT_NE(second.tcp_probe[2].tcp_probe, first.tcp_probe[1].tcp_probe);
}

}  // namespace
}  // namespace rtt::app
