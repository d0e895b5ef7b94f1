// The dashboard against the source: Grafana imports it with any data source, and every query asks
// for metrics that the program has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

using nlohmann::json;
using testing::Contains;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

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

std::set<std::string> metrics_of_the_program() {
  static const std::regex literal(R"re("((?:rtt|process)_[a-z_]+)")re");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "userspace")) {
    if (entry.path().extension() != ".cpp") continue;
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

class Dashboard : public testing::Test {
 protected:
  const std::string text_ = read(kSource / "grafana" / "rtt_exporter.json");
  const json dashboard_ = json::parse(text_, nullptr, /*allow_exceptions=*/false);

  void SetUp() override { ASSERT_TRUE(dashboard_.is_object()) << "not JSON"; }

  std::string all_queries() const {
    std::string queries;
    for (const json& panel : dashboard_["panels"]) {
      if (!panel.contains("targets")) continue;
      for (const json& target : panel["targets"]) {
        queries += target["expr"].get<std::string>() + "\n";
      }
    }
    for (const json& variable : dashboard_["templating"]["list"]) {
      if (variable["type"] == "query") queries += variable["definition"].get<std::string>() + "\n";
    }
    return queries;
  }
};

TEST_F(Dashboard, GivesEveryPanelItsOwnId) {
  std::set<int> ids;
  for (const json& panel : dashboard_["panels"]) {
    EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second) << panel["title"];
  }
}

TEST_F(Dashboard, AsksOnlyForMetricsThatTheProgramHas) {
  static const std::regex name(R"(\b((?:rtt|process)_[a-z_]+))");
  const std::set<std::string> asked = matches(all_queries(), name);
  EXPECT_THAT(asked, Contains("rtt_seconds_bucket"));
  EXPECT_THAT(metrics_of_the_program(), IsSupersetOf(asked));
}

TEST_F(Dashboard, NamesNoDataSource) {
  static const std::regex source(R"re("datasource": \{[^}]*"uid": "([^"]*)")re");
  EXPECT_EQ(matches(text_, source), std::set<std::string>{"${datasource}"});
}

TEST_F(Dashboard, UsesOnlyVariablesThatItDefines) {
  static const std::regex use(R"(\$\{?([a-z][a-z_]*))");
  std::set<std::string> defined;
  for (const json& variable : dashboard_["templating"]["list"]) {
    defined.insert(variable["name"].get<std::string>());
  }
  EXPECT_THAT(defined, IsSupersetOf({"datasource", "target", "peer", "method"}));
  EXPECT_THAT(defined, IsSupersetOf(matches(all_queries(), use)));
}

TEST_F(Dashboard, SaysOfEveryPanelWhatItMeans) {
  for (const json& panel : dashboard_["panels"]) {
    if (panel["type"] == "row") continue;
    EXPECT_THAT(panel.value("description", ""), Not(IsEmpty())) << panel["title"];
  }
}

TEST_F(Dashboard, OverlapsNoPanels) {
  std::set<std::pair<int, int>> taken;
  for (const json& panel : dashboard_["panels"]) {
    const json& at = panel["gridPos"];
    for (int x = at["x"]; x < at["x"].get<int>() + at["w"].get<int>(); ++x) {
      for (int y = at["y"]; y < at["y"].get<int>() + at["h"].get<int>(); ++y) {
        EXPECT_LT(x, 24) << panel["title"];
        ASSERT_TRUE(taken.emplace(x, y).second) << panel["title"];
      }
    }
  }
}

}  // namespace
