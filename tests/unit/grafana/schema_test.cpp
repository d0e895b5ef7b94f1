// The dashboards against the types of the current Grafana (made into a schema by make
// grafana-schema) and against our own rules, and that what is wrong would be found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/grafana/json_schema.h"

namespace rtt::unit {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::filesystem::path kSource = RTT_SOURCE_DIR;

json read(const std::filesystem::path& path) { return json::parse(std::ifstream(kSource / path)); }

std::vector<std::string> problems(const std::string& schema, const json& dashboard) {
  return JsonSchema(read("tests/testdata/grafana/" + schema)).problems(dashboard);
}

class DashboardSchema : public ::testing::TestWithParam<std::string> {
 protected:
  const json dashboard_ = read("grafana/" + GetParam() + ".json");
};

INSTANTIATE_TEST_SUITE_P(Grafana, DashboardSchema,
                         ::testing::Values("overview", "target", "exporter"),
                         [](const auto& info) { return info.param; });

TEST_P(DashboardSchema, IsThatOfTheCurrentGrafana) {
  EXPECT_THAT(problems("grafana.schema.json", dashboard_), ElementsAre());
}

TEST_P(DashboardSchema, IsThatOfTheHouse) {
  EXPECT_THAT(problems("house_rules.schema.json", dashboard_), ElementsAre());
}

// One change to the dashboard of a target, and what is said about it.
struct Mistake {
  std::string name;
  std::string panel;  // the first one of this type, or none: the dashboard
  std::string where;  // from there
  json value;
  std::string place;  // of the problem, from there
  std::string problem;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

std::string address(const json& dashboard, const std::string& panel_type) {
  if (panel_type.empty()) return "";
  const json& panels = dashboard.at("panels");
  for (std::size_t i = 0; i < panels.size(); ++i) {
    if (panels[i].at("type") == panel_type) return "/panels/" + std::to_string(i);
  }
  throw std::invalid_argument("no panel " + panel_type);
}

class GrafanaSchemaFinds : public ::testing::TestWithParam<Mistake> {};

TEST_P(GrafanaSchemaFinds, It) {
  const Mistake& mistake = GetParam();
  json dashboard = read("grafana/target.json");
  const std::string at = address(dashboard, mistake.panel);
  dashboard[json::json_pointer(at + mistake.where)] = mistake.value;

  EXPECT_THAT(problems("grafana.schema.json", dashboard),
              Contains(AllOf(StartsWith(at + mistake.place + ": "), HasSubstr(mistake.problem))));
}

INSTANTIATE_TEST_SUITE_P(
    Grafana, GrafanaSchemaFinds,
    ::testing::Values(
        Mistake{"AMemberThatADashboardLacks", "", "/refersh", "30s", "", "'refersh'"},
        Mistake{"ARefreshThatIsNoString", "", "/refresh", 30, "/refresh", "type"},
        Mistake{"AVariableTypeThatGrafanaLacks", "", "/templating/list/0/type", "datasorce",
                "/templating/list/0/type", "enum"},
        Mistake{"AMisspeltMemberOfAVariable", "", "/templating/list/0/skipURLSync", false,
                "/templating/list/0", "'skipURLSync'"},
        Mistake{"AMisspeltMemberOfALink", "", "/links/0/keeptime", true, "/links/0", "'keeptime'"},
        Mistake{"AnAnnotationWithoutAName", "", "/annotations/list/0", json::object(),
                "/annotations/list/0", "'name'"},
        Mistake{"APanelTypeThatGrafanaLacks", "heatmap", "/type", "graph", "/type", "enum"},
        Mistake{"AMisspeltMemberOfAPanel", "table", "/transformation", json::array(), "",
                "'transformation'"},
        Mistake{"AMisspeltPanelOption", "timeseries", "/options/legend/showlegend", true,
                "/options/legend", "'showlegend'"},
        Mistake{"AnOptionOfAnotherPanelType", "timeseries", "/options/cellHeight", "sm", "/options",
                "'cellHeight'"},
        Mistake{"AnOptionThatWasRemoved", "table", "/options/footer", json::object(), "/options",
                "'footer'"},
        Mistake{"AMissingPanelOption", "heatmap", "/options/tooltip", json::object(),
                "/options/tooltip", "'mode'"},
        Mistake{"APanelOptionOfAnotherKind", "heatmap", "/options/color/steps", "64",
                "/options/color/steps", "type"},
        Mistake{"AnOptionValueThatGrafanaLacks", "table", "/options/cellHeight", "tiny",
                "/options/cellHeight", "enum"},
        Mistake{"AReducerThatGrafanaLacks", "timeseries", "/options/legend/calcs/0", "latest",
                "/options/legend/calcs/0", "enum"},
        Mistake{"AMisspeltFieldOption", "table", "/fieldConfig/defaults/decimal", 1,
                "/fieldConfig/defaults", "'decimal'"},
        Mistake{"AMisspeltCustomFieldOption", "timeseries", "/fieldConfig/defaults/custom/spanNull",
                120000, "/fieldConfig/defaults/custom", "'spanNull'"},
        Mistake{"ACellTypeThatGrafanaLacks", "table", "/fieldConfig/defaults/custom/cellOptions",
                json{{"type", "lcd-gauge"}}, "/fieldConfig/defaults/custom/cellOptions/type",
                "enum"},
        Mistake{"AMatcherThatGrafanaLacks", "table", "/fieldConfig/overrides/0/matcher/id",
                "byNamed", "/fieldConfig/overrides/0/matcher/id", "enum"},
        Mistake{"AnOverrideOfWhatAFieldLacks", "table", "/fieldConfig/overrides/0/properties/0/id",
                "custom.lineWidth", "/fieldConfig/overrides/0/properties/0/id", "enum"},
        Mistake{"AnOverrideByAnotherKindOfValue", "timeseries", "/fieldConfig/overrides/0",
                json::parse(R"({"matcher": {"id": "byName", "options": "x"},
                                "properties": [{"id": "custom.lineWidth", "value": "1"}]})"),
                "/fieldConfig/overrides/0/properties/0/value", "type"},
        Mistake{"AMisspeltMemberOfAQuery", "table", "/targets/0/legend", "{{method}}", "/targets/0",
                "'legend'"},
        Mistake{"AQueryFormatThatGrafanaLacks", "heatmap", "/targets/0/format", "matrix",
                "/targets/0/format", "enum"},
        Mistake{"ATransformationThatGrafanaLacks", "table", "/transformations/0/id", "organise",
                "/transformations/0/id", "enum"},
        Mistake{"AMisspeltOptionOfATransformation", "table", "/transformations/0",
                json::parse(R"({"id": "organize", "options": {"excludeByName": {},
                                "renameByName": {}, "indexByNames": {}}})"),
                "/transformations/0/options", "'indexByNames'"}),
    [](const auto& info) { return info.param.name; });

TEST(GrafanaSchema, IsOfTheVersionsThatItsGeneratorNames) {
  const std::string origin = read("tests/testdata/grafana/grafana.schema.json").at("$comment");
  const json packages = read("tests/grafana_schema/package.json").at("dependencies");
  for (const char* name : {"@grafana/schema", "@grafana/data"}) {
    const std::string version = packages.at(name);
    EXPECT_THAT(origin, HasSubstr(std::string(name) + " " + version + " (Apache-2.0)"));
  }
}

TEST(HouseRules, FindADescriptionThatIsNoSentence) {
  json dashboard = read("grafana/target.json");
  dashboard["description"] = "RTT";
  EXPECT_THAT(problems("house_rules.schema.json", dashboard),
              ElementsAre(StartsWith("/description: ")));
}

}  // namespace
}  // namespace rtt::unit
