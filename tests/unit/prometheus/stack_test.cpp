// config/stack: what its files say about each other. Nothing here is started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "unit/prometheus/source_files.h"

namespace rtt::prometheus {
namespace {

using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

const std::filesystem::path kStack = kSource / "config" / "stack";

std::vector<std::string> strings(const YAML::Node& list) {
  return list.as<std::vector<std::string>>();
}

class Stack : public testing::Test {
 protected:
  YAML::Node service(const std::string& name) const { return compose_["services"][name]; }

  /// Host path of every file or directory that is mounted, by its path in the container.
  std::map<std::string, std::filesystem::path> mounts(const std::string& name) const {
    std::map<std::string, std::filesystem::path> found;
    for (const std::string& mount : strings(service(name)["volumes"])) {
      const std::size_t colon = mount.find(':');
      if (!mount.starts_with('.')) continue;  // a named volume
      const std::string inside = mount.substr(colon + 1, mount.find(':', colon + 1) - colon - 1);
      found[inside] = (kStack / mount.substr(0, colon)).lexically_normal();
    }
    return found;
  }

  /// The value of a flag in a service's command; empty without it.
  std::string flag(const std::string& name, const std::string& flag) const {
    for (const std::string& argument : strings(service(name)["command"])) {
      if (argument.starts_with(flag + "=")) return argument.substr(flag.size() + 1);
    }
    return {};
  }

  YAML::Node datasource() const {
    return yaml(kStack / "grafana/datasources/prometheus.yml")["datasources"][0];
  }

  const YAML::Node compose_ = yaml(kStack / "compose.yml");
  const YAML::Node prometheus_ = yaml(kStack / "prometheus.yml");
};

std::string port(const std::string& address) { return address.substr(address.rfind(':') + 1); }

TEST_F(Stack, MountsOnlyWhatExists) {
  for (const char* name : {"rtt_exporter", "prometheus", "grafana"}) {
    EXPECT_THAT(mounts(name), Not(IsEmpty())) << name;
    for (const auto& [inside, path] : mounts(name)) {
      EXPECT_TRUE(std::filesystem::exists(path)) << path;
    }
  }
}

TEST_F(Stack, StartsEachProgramWithAFileThatIsMounted) {
  for (const char* name : {"rtt_exporter", "prometheus"}) {
    EXPECT_EQ(mounts(name).count(flag(name, "--config.file")), 1U) << name;
  }
}

TEST_F(Stack, BuildsTheExporterFromTheShippedDockerfile) {
  const YAML::Node build = service("rtt_exporter")["build"];
  const auto context = kStack / build["context"].as<std::string>();
  EXPECT_TRUE(std::filesystem::equivalent(context, kSource));
  EXPECT_TRUE(std::filesystem::exists(context / build["dockerfile"].as<std::string>()));
}

TEST_F(Stack, GivesTheExporterTheCapabilitiesOfTheDaemonSet) {
  const YAML::Node daemon_set = yaml(kSource / "config/kubernetes/base/daemonset.yaml");
  const YAML::Node capabilities =
      daemon_set["spec"]["template"]["spec"]["containers"][0]["securityContext"]["capabilities"];
  EXPECT_EQ(strings(service("rtt_exporter")["cap_add"]), strings(capabilities["add"]));
  EXPECT_EQ(strings(service("rtt_exporter")["cap_drop"]), strings(capabilities["drop"]));
}

TEST_F(Stack, ListensOnLoopbackOnly) {
  EXPECT_THAT(flag("rtt_exporter", "--web.listen-address"), StartsWith("127.0.0.1:"));
  EXPECT_THAT(flag("prometheus", "--web.listen-address"), StartsWith("127.0.0.1:"));
  EXPECT_EQ(service("grafana")["environment"]["GF_SERVER_HTTP_ADDR"].as<std::string>(),
            "127.0.0.1");
  for (const auto& entry : compose_["services"]) {
    EXPECT_EQ(entry.second["network_mode"].as<std::string>(), "host") << entry.first;
  }
}

TEST_F(Stack, ScrapesThePortThatTheExporterListensOn) {
  const YAML::Node job = prometheus_["scrape_configs"][0];
  EXPECT_EQ(job["static_configs"][0]["targets"][0].as<std::string>(),
            "localhost:" + port(flag("rtt_exporter", "--web.listen-address")));
}

TEST_F(Stack, DiffersFromTheShippedPrometheusConfigurationInClassicHistogramsOnly) {
  YAML::Node reduced = YAML::Clone(prometheus_);
  YAML::Node job = reduced["scrape_configs"][0];
  EXPECT_TRUE(job.remove("always_scrape_classic_histograms"));
  EXPECT_EQ(YAML::Dump(reduced), YAML::Dump(yaml(kSource / "config/prometheus/prometheus.yml")));
}

TEST_F(Stack, MountsEveryRuleFileWherePrometheusLooks) {
  std::map<std::string, std::filesystem::path> mounted = mounts("prometheus");
  const std::filesystem::path config = flag("prometheus", "--config.file");
  for (const std::string& file : strings(prometheus_["rule_files"])) {
    EXPECT_EQ(mounted[config.parent_path() / file], kSource / "config/prometheus" / file);
  }
}

TEST_F(Stack, AsksPrometheusForNativeHistograms) {
  EXPECT_EQ(flag("prometheus", "--enable-feature"), "native-histograms");
}

TEST_F(Stack, ProvisionsTheDataSourceThatPrometheusIs) {
  EXPECT_EQ(datasource()["type"].as<std::string>(), "prometheus");
  EXPECT_EQ(datasource()["url"].as<std::string>(),
            "http://localhost:" + port(flag("prometheus", "--web.listen-address")));
  EXPECT_TRUE(datasource()["isDefault"].as<bool>());
  EXPECT_EQ(datasource()["jsonData"]["timeInterval"].as<std::string>(),
            prometheus_["global"]["scrape_interval"].as<std::string>());
}

TEST_F(Stack, ProvisionsFromWhereGrafanaLooks) {
  const auto mounted = mounts("grafana");
  EXPECT_EQ(mounted.at("/etc/grafana/provisioning/datasources"), kStack / "grafana/datasources");
  EXPECT_EQ(mounted.at("/etc/grafana/provisioning/dashboards"), kStack / "grafana/dashboards");
}

TEST_F(Stack, ProvisionsEveryShippedDashboard) {
  const YAML::Node provider = yaml(kStack / "grafana/dashboards/rtt_exporter.yml")["providers"][0];
  EXPECT_EQ(provider["type"].as<std::string>(), "file");
  EXPECT_EQ(mounts("grafana").at(provider["options"]["path"].as<std::string>()),
            kSource / "grafana");
  EXPECT_THAT(files(kSource / "grafana", ".json"), Not(IsEmpty()));
}

// A dashboard may leave the choice of the data source to a variable, whose default is the default
// data source, or name the provisioned one.
TEST_F(Stack, HasTheDataSourcesThatTheDashboardsName) {
  static const std::regex named(R"re("datasource"\s*:\s*\{[^}]*"uid"\s*:\s*"([^"]*)")re");
  const std::set<std::string> known = {"${datasource}", "-- Grafana --", "grafana",
                                       datasource()["uid"].as<std::string>()};
  for (const auto& dashboard : files(kSource / "grafana", ".json")) {
    EXPECT_THAT(known, IsSupersetOf(matches(read(dashboard), named))) << dashboard;
  }
}

TEST_F(Stack, LetsEverybodyLookAndNobodyChange) {
  const YAML::Node environment = service("grafana")["environment"];
  EXPECT_EQ(environment["GF_AUTH_ANONYMOUS_ENABLED"].as<std::string>(), "true");
  EXPECT_EQ(environment["GF_AUTH_ANONYMOUS_ORG_ROLE"].as<std::string>(), "Viewer");
  EXPECT_EQ(environment["GF_AUTH_DISABLE_LOGIN_FORM"].as<std::string>(), "true");
}

}  // namespace
}  // namespace rtt::prometheus
