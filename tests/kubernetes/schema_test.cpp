// Everything for Kubernetes against its own types (made into a schema by make kubernetes-schema),
// and that what is wrong would be found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "kubernetes/manifests.h"
#include "unit/grafana/json_schema.h"

namespace rtt::kubernetes {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::vector<std::string> kEverything = {
    "allNamespaces=true",
    R"(webConfig={"secretName": "web", "tls": true, "passwords": false})",
    "podMonitor.enabled=true",
    R"(podMonitor.scrapeTimeout="10s")",
    "serviceMonitor.enabled=true",
    "prometheusRule.enabled=true",
    "dashboards.enabled=true",
    R"(podAnnotations={"example.com/team": "network"})",
    R"(extraArgs=["--web.telemetry-path=/m"])",
    R"(extraEnv=[{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}])",
    R"(extraVolumes=[{"name": "more", "emptyDir": {}}])",
    R"(extraVolumeMounts=[{"name": "more", "mountPath": "/more"}])",
    R"(imagePullSecrets=[{"name": "registry"}])"};

json read_json(const std::filesystem::path& path) {
  return json::parse(std::ifstream(kSource / path));
}

std::vector<std::string> problems(const json& object) {
  static const unit::JsonSchema schema(
      read_json("tests/testdata/kubernetes/kubernetes.schema.json"));
  return schema.problems(object);
}

void expect_valid(const Objects& objects) {
  for (const json& object : objects) {
    EXPECT_THAT(problems(object), IsEmpty())
        << object.at("kind") << ' ' << object.at("metadata").at("name");
  }
}

TEST(KubernetesSchema, HasNothingAgainstTheManifests) {
  EXPECT_THAT(manifests(), SizeIs(8));
  expect_valid(manifests());
}

TEST(KubernetesSchema, HasNothingAgainstWhatKustomizeMakes) {
  if (!can_kustomize()) GTEST_SKIP() << "no kubectl that knows kustomize's components";
  const Objects made = kustomize("config/kubernetes/overlays/prometheus-operator");
  EXPECT_THAT(made, SizeIs(9));
  expect_valid(made);
}

TEST(KubernetesSchema, HasNothingAgainstTheChart) { expect_valid(helm()); }

TEST(KubernetesSchema, HasNothingAgainstTheChartWithEverythingTurnedOn) {
  EXPECT_THAT(helm(kEverything), SizeIs(9));
  expect_valid(helm(kEverything));
}

struct Mistake {
  const char* name;
  const char* kind;
  const char* where;
  json value;
  const char* place;  // of the problem
  const char* what;
};

class KubernetesMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(KubernetesMistake, IsFound) {
  json object = only(helm({"podMonitor.enabled=true"}), GetParam().kind);
  ASSERT_THAT(problems(object), IsEmpty());
  object[json::json_pointer(GetParam().where)] = GetParam().value;
  EXPECT_THAT(problems(object), Contains(AllOf(StartsWith(std::string(GetParam().place) + ": "),
                                               HasSubstr(GetParam().what))));
}

INSTANTIATE_TEST_SUITE_P(
    Kubernetes, KubernetesMistake,
    ::testing::Values(
        Mistake{"AKindThatTheTreeDoesNotShip", "DaemonSet", "/kind", "Daemonset", "/kind", "enum"},
        Mistake{"AnotherApiVersion", "DaemonSet", "/apiVersion", "extensions/v1beta1",
                "/apiVersion", "const"},
        Mistake{"AMisspeltPodField", "DaemonSet", "/spec/template/spec/hostNetworks", true,
                "/spec/template/spec", "'hostNetworks'"},
        Mistake{"AMisspeltContainerField", "DaemonSet",
                "/spec/template/spec/containers/0/livenessprobe", json::object(),
                "/spec/template/spec/containers/0", "'livenessprobe'"},
        Mistake{"ABooleanAsText", "DaemonSet",
                "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", "true",
                "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", "type"},
        Mistake{"AListThatIsNone", "DaemonSet",
                "/spec/template/spec/containers/0/securityContext/capabilities/drop", "ALL",
                "/spec/template/spec/containers/0/securityContext/capabilities/drop", "type"},
        Mistake{"AMisspeltProbe", "DaemonSet",
                "/spec/template/spec/containers/0/readinessProbe/periodSecond", 5,
                "/spec/template/spec/containers/0/readinessProbe", "'periodSecond'"},
        Mistake{"APortAsText", "Service", "/spec/ports/0/port", "10049", "/spec/ports/0/port",
                "type"},
        Mistake{"ALabelThatIsNoText", "Service", "/metadata/labels/number", 1,
                "/metadata/labels/number", "type"},
        Mistake{"AMisspeltMonitorField", "PodMonitor", "/spec/podMetricsEndpoint", json::array(),
                "/spec", "'podMetricsEndpoint'"},
        Mistake{"AMisspeltRelabeling", "PodMonitor",
                "/spec/podMetricsEndpoints/0/relabelings/0/source_labels", json::array(),
                "/spec/podMetricsEndpoints/0/relabelings/0", "'source_labels'"}),
    [](const auto& info) { return info.param.name; });

TEST(KubernetesSchema, IsOfTheVersionsThatItsGeneratorNames) {
  const std::string origin =
      read_json("tests/testdata/kubernetes/kubernetes.schema.json").at("$comment");
  const json packages = read_json("tests/kubernetes_schema/package.json").at("dependencies");
  for (const char* name : {"kubernetes-models", "@kubernetes-models/prometheus-operator"}) {
    const std::string version = packages.at(name);
    EXPECT_THAT(origin, HasSubstr(std::string(name) + " " + version + " (MIT)"));
  }
}

class ChartValues : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> problems() const {
    return unit::JsonSchema(schema_).problems(values_);
  }

  const json schema_ = read_json("config/helm/rtt-exporter/values.schema.json");
  json values_ = read(kSource / "config/helm/rtt-exporter/values.yaml").front();
};

TEST_F(ChartValues, AreValid) { EXPECT_THAT(problems(), IsEmpty()); }

TEST_F(ChartValues, HaveADefaultEach) {
  for (const auto& [name, value] : schema_.at("properties").items()) {
    EXPECT_TRUE(values_.contains(name) || name == "global") << name;
  }
}

TEST_F(ChartValues, AreRefusedWithAMisspeltKey) {
  values_["podMonitor"]["enable"] = true;
  EXPECT_THAT(problems(), Contains(HasSubstr("'enable'")));
}

TEST_F(ChartValues, AreRefusedWithAnotherType) {
  values_["ports"]["metrics"] = "10049";
  EXPECT_THAT(problems(), Contains(StartsWith("/ports/metrics: ")));
}

}  // namespace
}  // namespace rtt::kubernetes
