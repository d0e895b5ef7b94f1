// What kustomize and Helm make says the same, grants what was decided and no more, and has rules, dashboards and
// configuration from where they live in this tree.
#include "kubernetes/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::kubernetes {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

const std::filesystem::path kManifests = kSource / "config/kubernetes";

Objects base() {
  return {read(kManifests / "base/daemonset.yaml").front(),
          read(kManifests / "base/service.yaml").front()};
}

json pod(const Objects& objects) {
  return only(objects, "DaemonSet").at("/spec/template/spec"_json_pointer);
}

json capabilities(const Objects& objects) {
  return container(objects).at("/securityContext/capabilities"_json_pointer);
}

json groups_of(const Objects& objects, const std::string& name) {
  for (const json& object : objects) {
    if (object.at("kind") != "PrometheusRule") continue;
    if (object.at("metadata").at("name").get<std::string>().ends_with(name)) {
      return object.at("spec").at("groups");
    }
  }
  return nullptr;
}

class Rules : public ::testing::TestWithParam<std::string> {
 protected:
  const json of_prometheus_ =
      read(kSource / "config/prometheus" / (GetParam() + ".rules.yml")).front().at("groups");
};

INSTANTIATE_TEST_SUITE_P(Kubernetes, Rules, ::testing::Values("recording", "alerts"),
                         [](const auto& info) { return info.param; });

TEST_P(Rules, OfTheManifestAreThoseOfPrometheus) {
  const Objects made = read(kManifests / "components/prometheus-rule" / (GetParam() + ".yaml"));
  EXPECT_EQ(groups_of(made, GetParam()), of_prometheus_) << "make manifests";
}

TEST_P(Rules, OfTheChartAreThoseOfPrometheus) {
  EXPECT_EQ(groups_of(helm({"prometheusRule.enabled=true"}), GetParam()), of_prometheus_);
}

void expect_dashboards(const Objects& objects) {
  for (const json& object : objects) {
    if (object.at("kind") != "ConfigMap" || !object.at("data").contains("overview.json")) continue;
    EXPECT_EQ(object.at("/metadata/labels/grafana_dashboard"_json_pointer), "1");
    for (const char* name : {"overview.json", "target.json", "exporter.json"}) {
      const std::string text = object.at("data").at(name);
      EXPECT_EQ(json::parse(text), json::parse(support::read_file(kSource / "grafana" / name)));
    }
    return;
  }
  FAIL() << "no dashboards";
}

TEST(Chart, HasTheDashboards) { expect_dashboards(helm({"dashboards.enabled=true"})); }

TEST(Kustomize, HasTheDashboards) {
  if (!can_kustomize()) GTEST_SKIP() << "no kubectl that knows kustomize's components";
  expect_dashboards(kustomize("config/kubernetes/overlays/prometheus-operator"));
}

TEST(Kustomize, MountsTheConfigurationThatItMakes) {
  if (!can_kustomize()) GTEST_SKIP() << "no kubectl that knows kustomize's components";
  const Objects objects = kustomize("config/kubernetes/base");
  EXPECT_EQ(pod(objects).at("/volumes/0/configMap/name"_json_pointer),
            only(objects, "ConfigMap").at("metadata").at("name"));
}

TEST(Chart, MeasuresWhatTheManifestsMeasure) {
  EXPECT_EQ(parse(configuration(helm())), read(kManifests / "base/rtt_exporter.yml"));
}

TEST(Chart, RunsThePodOfTheManifests) {
  json ours = pod(base()), chart = pod(helm());
  EXPECT_THAT(chart["containers"][0].at("args").get<std::vector<std::string>>(),
              IsSupersetOf(ours["containers"][0].at("args").get<std::vector<std::string>>()));
  for (json* spec : {&ours, &chart}) {
    (*spec)["containers"][0].erase("args");
    (*spec)["containers"][0].erase("imagePullPolicy");
  }
  for (const char* probe : {"startupProbe", "livenessProbe", "readinessProbe"}) {
    EXPECT_EQ(chart["containers"][0][probe]["httpGet"]["scheme"], "HTTP");
    chart["containers"][0][probe]["httpGet"].erase("scheme");
  }
  EXPECT_EQ(json::diff(ours, chart), json::array());
}

TEST(Chart, HasTheServiceOfTheManifests) {
  json ours = only(base(), "Service").at("spec"), chart = only(helm(), "Service").at("spec");
  ours.erase("selector");
  chart.erase("selector");
  EXPECT_EQ(ours, chart);
}

TEST(Chart, SelectsItsOwnPods) {
  const Objects objects = helm({"podMonitor.enabled=true"});
  const json labels = only(objects, "DaemonSet").at("/spec/template/metadata/labels"_json_pointer);
  for (const json& selector :
       {only(objects, "DaemonSet").at("/spec/selector/matchLabels"_json_pointer),
        only(objects, "Service").at("/spec/selector"_json_pointer),
        only(objects, "PodMonitor").at("/spec/selector/matchLabels"_json_pointer)}) {
    for (const auto& [name, value] : selector.items()) EXPECT_EQ(labels.value(name, ""), value);
  }
}

TEST(Chart, RollsThePodsWhenTheConfigurationChanges) {
  const json::json_pointer checksum("/spec/template/metadata/annotations/checksum~1config");
  EXPECT_NE(only(helm(), "DaemonSet").at(checksum),
            only(helm({"config.targets=[]"}), "DaemonSet").at(checksum));
}

TEST(Manifests, GrantTheCapabilitiesThatTheExporterNeeds) {
  EXPECT_EQ(capabilities(base()).at("drop"), json::array({"ALL"}));
  EXPECT_THAT(capabilities(base()).at("add"),
              ElementsAre("BPF", "PERFMON", "NET_RAW", "SETUID", "SETGID"));
}

TEST(Manifests, StayOutOfTheProcessesOfTheNode) { EXPECT_FALSE(pod(base()).contains("hostPID")); }

void expect_access_to_all_namespaces(const Objects& objects) {
  EXPECT_EQ(pod(objects).at("hostPID"), true);
  EXPECT_THAT(capabilities(objects).at("add"), ElementsAre("BPF", "PERFMON", "NET_RAW", "SETUID",
                                                           "SETGID", "SYS_ADMIN", "SYS_PTRACE"));
}

TEST(Chart, LetsTheExporterIntoAllNamespacesWhenAsked) {
  const Objects objects = helm({"allNamespaces=true"});
  expect_access_to_all_namespaces(objects);
  EXPECT_EQ(parse(configuration(objects)).front().at("/passive/tcp_info/namespaces"_json_pointer),
            "all");
}

TEST(Kustomize, LetsTheExporterIntoAllNamespacesWhenAsked) {
  if (!can_kustomize()) GTEST_SKIP() << "no kubectl that knows kustomize's components";
  const support::TemporaryDirectory overlay;
  const std::string here = std::filesystem::relative(kManifests, overlay.path());
  overlay.write("kustomization.yaml", "resources: [" + here + "/base]\ncomponents: [" + here +
                                          "/components/all-namespaces]\n");
  expect_access_to_all_namespaces(kustomize(overlay.path()));
}

TEST(Chart, MountsTheWebConfiguration) {
  const json exporter =
      container(helm({R"(webConfig={"secretName": "web", "tls": true, "passwords": false})"}));
  EXPECT_THAT(exporter.at("args").dump(), HasSubstr("--web.config.file=/etc/rtt_exporter_web/"));
  EXPECT_EQ(exporter.at("/livenessProbe/httpGet/scheme"_json_pointer), "HTTPS");
}

TEST(Chart, OnlyOpensAConnectionWherePasswordsWouldRefuseTheKubelet) {
  const json exporter =
      container(helm({R"(webConfig={"secretName": "web", "tls": false, "passwords": true})"}));
  EXPECT_EQ(exporter.at("/readinessProbe/tcpSocket/port"_json_pointer), "metrics");
}

TEST(Chart, HasAConfigurationThatTheExporterTakes) {
  const support::TemporaryDirectory directory;
  const std::string file = directory.write("rtt_exporter.yml", configuration(helm()));
  EXPECT_NO_THROW(support::run_command(
      {RTT_BINARY_DIR "/rtt_exporter", "--config.check", "--config.file=" + file}));
}

TEST(Chart, HasTheVersionOfTheProgram) {
  const json chart = read(kSource / "config/helm/rtt-exporter/Chart.yaml").front();
  const std::string version = support::run_command({RTT_BINARY_DIR "/rtt_exporter", "--version"});
  EXPECT_EQ(version, "rtt_exporter, version " + chart.at("appVersion").get<std::string>() + "\n");
  EXPECT_EQ(container(base()).at("image"), container(helm()).at("image"));
}

}  // namespace
}  // namespace rtt::kubernetes
