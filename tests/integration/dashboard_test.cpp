// The dashboards against a real Prometheus that scrapes the real daemon: no panel is empty.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "integration/grafana_dashboard.h"
#include "integration/prometheus_server.h"
#include "support/daemon.h"
#include "support/netns.h"
#include "support/tcp_service.h"
#include "support/temporary_directory.h"
#include "support/traffic.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::Daemon;
using support::Namespace;

constexpr std::uint16_t kEchoPort = 10007;  // that of the defaults' probes

std::vector<json> dashboards() {
  std::vector<json> all;
  for (const auto& file : std::filesystem::directory_iterator(RTT_SOURCE_DIR "/grafana")) {
    if (file.path().extension() != ".json") continue;
    all.push_back(json::parse(support::read_file(file.path())));
  }
  return all;
}

bool is_number(const json& time_and_value) { return time_and_value.at(1) != "NaN"; }

// Whether a series of an answer has a point that a panel can draw.
bool has_point(const json& series) {
  if (series.contains("histogram") || series.contains("histograms")) return true;
  if (series.contains("value")) return is_number(series.at("value"));
  return std::ranges::any_of(series.at("values"), is_number);
}

// The parameter is the variable `histogram`: how Prometheus stores histograms.
class DashboardTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::string defaults_and_a_far_target() const {
    return support::read_file(RTT_SOURCE_DIR "/config/quickstart.yml") +
           "  - name: far\n    hosts: [" + link_.b4 + "]\n    probes: [ping, connect, echo]\n";
  }

  GrafanaDashboard dashboard(const json& model, const std::string& target, Choice choice) const {
    return {model, {{"histogram", GetParam()}, {"target", target}}, choice};
  }

  std::vector<std::string> variables_without_values(GrafanaDashboard& dashboard) const {
    return dashboard.resolve([&](const std::string& selector, const std::string& label) {
      return prometheus_.label_values(selector, label);
    });
  }

  bool has_data(const Query& query) const {
    const json answer = query.instant ? prometheus_.query(query.expression)
                                      : prometheus_.query_range(query.expression);
    return std::ranges::any_of(answer, has_point);
  }

  void expect_data_in_every_panel(const json& model, const std::string& target, Choice choice) {
    SCOPED_TRACE(model.at("title").get<std::string>() + " of " + target);
    GrafanaDashboard asked = dashboard(model, target, choice);
    ASSERT_TRUE(
        support::wait_until([&] { return variables_without_values(asked).empty(); }, 30s, 200ms));
    std::vector<Query> empty = asked.queries();
    (void)support::wait_until(
        [&] {
          std::erase_if(empty, [&](const Query& query) { return has_data(query); });
          return empty.empty();
        },
        30s, 200ms);
    for (const Query& query : empty) ADD_FAILURE() << query.panel << ": " << query.expression;
  }

  void expect_data_in_every_dashboard(Choice choice) {
    wait_for_every_method();
    ASSERT_FALSE(dashboards().empty());
    for (const json& model : dashboards()) {
      for (const char* target : {"self", "far"}) expect_data_in_every_panel(model, target, choice);
      if (HasFailure()) return;  // the others would make its author wait
    }
  }

  // Only then the values of the variables are complete.
  void wait_for_every_method() const {
    const auto all_compare = [&] {
      return !prometheus_.query("count(rtt_difference_seconds) == 10").empty();
    };
    EXPECT_TRUE(support::wait_until(all_compare, 60s, 200ms))
        << "five methods of two targets do not compare with ICMP";
  }

  Namespace here_;
  Namespace there_;
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  support::TcpService echo_{there_, kEchoPort, support::echo};
  const Daemon daemon_{here_, defaults_and_a_far_target()};
  const PrometheusServer prometheus_{here_,
                                     /*native_histograms=*/GetParam() == std::string("native")};
  const support::Traffic traffic_{here_, [step = support::connections(link_.b4, kEchoPort)] {
                                    std::this_thread::sleep_for(50ms);  // a trickle is enough
                                    return step();
                                  }};
};

TEST_P(DashboardTest, EveryQueryHasDataWithAllChosen) {
  expect_data_in_every_dashboard(Choice::kAll);
}

TEST_P(DashboardTest, EveryQueryHasDataWithEachValueChosen) {
  expect_data_in_every_dashboard(Choice::kEachValue);
}

INSTANTIATE_TEST_SUITE_P(Histograms, DashboardTest, ::testing::Values("classic", "native"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace rtt::integration
