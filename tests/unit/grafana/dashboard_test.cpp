// The dashboards against each other and against the source: Grafana imports them with any data
// source, and every query asks for metrics that the program has. That Grafana knows every option is
// schema_test.cpp's, that no panel stays empty tests/integration/dashboard_test.cpp's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace rtt::unit {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

const std::filesystem::path kSource = RTT_SOURCE_DIR;

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    found.insert(match->str(1));
  }
  return found;
}

std::map<std::string, json> dashboards_by_uid() {
  std::map<std::string, json> dashboards;
  for (const auto& file : std::filesystem::directory_iterator(kSource / "grafana")) {
    if (file.path().extension() != ".json") continue;
    json dashboard = json::parse(read(file.path()));
    dashboards.emplace(dashboard.at("uid"), std::move(dashboard));
  }
  return dashboards;
}

std::set<std::string> metrics_of_the_program() {
  static const std::regex literal(R"re("((?:rtt|process)_[a-z_]+)")re");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "userspace")) {
    if (!entry.is_regular_file()) continue;
    names.merge(matches(read(entry.path()), literal));
  }
  for (const char* histogram : {"rtt_seconds", "rtt_tcp_min_seconds", "rtt_tcp_queueing_seconds"}) {
    if (names.count(histogram) == 0) continue;
    for (const char* suffix : {"_bucket", "_count", "_sum"}) {
      names.insert(std::string(histogram) + suffix);
    }
  }
  return names;
}

// Every value of the document, with the name under which it stands.
void walk(const json& value, const std::function<void(const std::string&, const json&)>& visit) {
  for (const auto& [name, child] : value.items()) {
    visit(name, child);
    if (child.is_structured()) walk(child, visit);
  }
}

std::vector<std::string> strings_named(const json& document, const std::string& wanted) {
  std::vector<std::string> found;
  walk(document, [&](const std::string& name, const json& value) {
    if (name == wanted && value.is_string()) found.push_back(value);
  });
  return found;
}

std::set<std::string> variables(const json& dashboard) {
  std::set<std::string> names;
  for (const json& variable : dashboard.at("templating").at("list")) {
    names.insert(variable.at("name").get<std::string>());
  }
  return names;
}

// $name, ${name}, ${name:format}, ${name.field}; Grafana's own begin with two underscores.
std::set<std::string> variables_used_in(const std::string& text) {
  static const std::regex use(R"(\$\{?([a-z][a-z_]*))");
  return matches(text, use);
}

class Dashboard : public ::testing::TestWithParam<std::string> {
 protected:
  const json dashboard_ = json::parse(read(kSource / "grafana" / (GetParam() + ".json")));

  [[nodiscard]] std::vector<std::string> queries() const {
    std::vector<std::string> queries = strings_named(dashboard_, "expr");
    for (const std::string& query : strings_named(dashboard_, "definition")) {
      queries.push_back(query);
    }
    return queries;
  }
};

INSTANTIATE_TEST_SUITE_P(Grafana, Dashboard, ::testing::Values("overview", "target", "exporter"),
                         [](const auto& info) { return info.param; });

TEST_P(Dashboard, GivesEveryPanelItsOwnId) {
  std::set<int> ids;
  for (const json& panel : dashboard_.at("panels")) {
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << panel.at("title");
  }
}

TEST_P(Dashboard, OverlapsNoPanels) {
  std::set<std::pair<int, int>> taken;
  for (const json& panel : dashboard_.at("panels")) {
    const json& at = panel.at("gridPos");
    const int left = at.at("x"), top = at.at("y");
    const int right = left + at.at("w").get<int>(), bottom = top + at.at("h").get<int>();
    EXPECT_LE(right, 24) << panel.at("title");
    for (int x = left; x < right; ++x) {
      for (int y = top; y < bottom; ++y) {
        ASSERT_TRUE(taken.emplace(x, y).second) << panel.at("title");
      }
    }
  }
}

// Grafana gives them the full width, row by row, and moves down what stands below.
TEST_P(Dashboard, RepeatsOverAVariableAcrossTheWholeWidth) {
  for (const json& panel : dashboard_.at("panels")) {
    if (!panel.contains("repeat")) continue;
    EXPECT_THAT(variables(dashboard_), Contains(panel.at("repeat")));
    EXPECT_EQ(panel.at("gridPos").at("w"), 24) << panel.at("title");
  }
}

TEST_P(Dashboard, NumbersTheQueriesOfAPanelApart) {
  for (const json& panel : dashboard_.at("panels")) {
    std::set<std::string> ids;
    for (const json& target : panel.value("targets", json::array())) {
      EXPECT_TRUE(ids.insert(target.at("refId")).second) << panel.at("title");
    }
  }
}

TEST_P(Dashboard, NamesOnlyColumnsThatItsQueriesGive) {
  static const std::regex column(R"(Value #([A-Z]))");
  for (const json& panel : dashboard_.at("panels")) {
    std::set<std::string> ids;
    for (const json& target : panel.value("targets", json::array())) ids.insert(target.at("refId"));
    EXPECT_THAT(ids, IsSupersetOf(matches(panel.dump(), column))) << panel.at("title");
  }
}

TEST_P(Dashboard, NamesNoDataSource) {
  const json chosen = {{"type", "prometheus"}, {"uid", "${datasource}"}};
  walk(dashboard_, [&](const std::string& name, const json& value) {
    if (name != "datasource") return;
    EXPECT_EQ(value, chosen);
  });
  EXPECT_FALSE(dashboard_.contains("__inputs")) << "an import would ask for it";
}

TEST_P(Dashboard, UsesOnlyVariablesThatItDefines) {
  EXPECT_THAT(variables(dashboard_), IsSupersetOf(variables_used_in(dashboard_.dump())));
}

TEST_P(Dashboard, UsesEveryVariableThatItDefines) {
  EXPECT_THAT(variables_used_in(dashboard_.dump()), IsSupersetOf(variables(dashboard_)));
}

TEST_P(Dashboard, UsesGrafanasOwnVariablesByTheirNames) {
  static const std::regex own(R"(\$\{?(__[a-z_]+))");
  const std::set<std::string> known = {"__rate_interval", "__range",          "__all",  "__data",
                                       "__field",         "__url_time_range", "__value"};
  EXPECT_THAT(known, IsSupersetOf(matches(dashboard_.dump(), own)));
}

TEST_P(Dashboard, ComparesExporters) {
  EXPECT_THAT(variables(dashboard_), IsSupersetOf({"job", "instance"}));
  for (const std::string& query : strings_named(dashboard_, "expr")) {
    EXPECT_THAT(query, HasSubstr(R"(job=~"$job",instance=~"$instance")"));
  }
}

TEST_P(Dashboard, AsksOnlyForMetricsThatTheProgramHas) {
  static const std::regex name(R"(\b((?:rtt|process)_[a-z_]+))");
  static const std::regex histogram(R"(\$\{histogram\})");
  const std::set<std::string> exist = metrics_of_the_program();
  EXPECT_THAT(exist, Contains("rtt_seconds_bucket"));
  for (const std::string& query : queries()) {
    for (const char* kind : {"seconds_bucket", "seconds"}) {
      EXPECT_THAT(exist, IsSupersetOf(matches(std::regex_replace(query, histogram, kind), name)));
    }
  }
}

TEST_P(Dashboard, LeavesTheKindOfHistogramToTheVariable) {
  for (const std::string& query : queries()) {
    EXPECT_THAT(query, Not(HasSubstr("_bucket")));
    if (query.find("histogram_quantile") == query.npos) continue;
    EXPECT_THAT(query, HasSubstr("_${histogram}{"));
  }
}

TEST_P(Dashboard, SortsThresholdsFromNoLowerBoundUp) {
  walk(dashboard_, [](const std::string& name, const json& value) {
    if (name != "steps" || !value.is_array()) return;
    EXPECT_TRUE(value.at(0).at("value").is_null()) << value;
    for (std::size_t i = 2; i < value.size(); ++i) {
      EXPECT_LT(value.at(i - 1).at("value"), value.at(i).at("value")) << value;
    }
  });
}

TEST_P(Dashboard, LinksToDashboardsAndVariablesThatExist) {
  static const std::regex uid(R"(^/d/([a-z-]+)\?)");
  static const std::regex parameter(R"(var-([a-z]+)=|\$\{([a-z]+):queryparam\})");
  const auto dashboards = dashboards_by_uid();
  for (const std::string& url : strings_named(dashboard_, "url")) {
    std::smatch match;
    ASSERT_TRUE(std::regex_search(url, match, uid)) << url;
    ASSERT_EQ(dashboards.count(match.str(1)), 1) << url;
    const std::set<std::string> known = variables(dashboards.at(match.str(1)));
    for (std::sregex_iterator found(url.begin(), url.end(), parameter), end; found != end;
         ++found) {
      EXPECT_THAT(known, Contains(found->str(1) + found->str(2))) << url;
    }
  }
}

TEST_P(Dashboard, KeepsExporterTimeAndKindOfHistogramInEveryLink) {
  for (const json& link : dashboard_.at("links")) EXPECT_TRUE(link.at("keepTime")) << link;
  for (const std::string& url : strings_named(dashboard_, "url")) {
    for (const char* kept :
         {"${datasource:queryparam}", "${job:queryparam}", "instance", "${histogram:queryparam}"}) {
      EXPECT_THAT(url, HasSubstr(kept));
    }
  }
  walk(dashboard_.at("panels"), [](const std::string& name, const json& url) {
    if (name != "url") return;
    EXPECT_THAT(url.get<std::string>(), HasSubstr("&${__url_time_range}"));
  });
}

TEST_P(Dashboard, IsReachedFromEveryOther) {
  const std::string own = dashboard_.at("uid");
  for (const auto& [uid, other] : dashboards_by_uid()) {
    if (uid == own) continue;
    EXPECT_THAT(other.at("links").dump(), HasSubstr("/d/" + own + "?"));
  }
}

TEST(Dashboards, AreThreeWithUidsOfTheirOwn) {
  std::vector<std::string> uids;
  for (const auto& [uid, dashboard] : dashboards_by_uid()) uids.push_back(uid);
  EXPECT_THAT(uids, ElementsAre("rtt-exporter", "rtt-overview", "rtt-target"));
}

TEST(Dashboards, LeadFromEachTargetInTheOverviewToItsPage) {
  const json overview = dashboards_by_uid().at("rtt-overview");
  for (const json& panel : overview.at("panels")) {
    const std::string text = panel.dump();
    const bool by_target =
        text.find("by (target") != text.npos || text.find("target, peer") != text.npos;
    if (!by_target) continue;
    EXPECT_THAT(text, HasSubstr("/d/rtt-target?")) << panel.at("title");
    EXPECT_THAT(text, HasSubstr("&var-target=${__")) << panel.at("title");
  }
}

}  // namespace
}  // namespace rtt::unit
