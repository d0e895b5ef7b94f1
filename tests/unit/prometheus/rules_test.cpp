// The rules in config/prometheus beside their cases in tests/testdata/prometheus, which promtool
// runs: no rule without a case, no alert that leaves the one it wakes without help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/prometheus/source_files.h"

namespace rtt::prometheus {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::MatchesRegex;
using testing::Not;

const std::filesystem::path kConfig = kSource / "config" / "prometheus";

/// Rules of one kind, "alert" or "record".
std::vector<YAML::Node> rules(const std::string& kind) {
  std::vector<YAML::Node> found;
  for (const auto& path : files(kConfig, ".rules.yml")) {
    for (const YAML::Node& group : yaml(path)["groups"]) {
      for (const YAML::Node& rule : group["rules"]) {
        if (rule[kind]) found.push_back(rule);
      }
    }
  }
  return found;
}

std::set<std::string> names(const std::string& kind) {
  std::set<std::string> found;
  for (const YAML::Node& rule : rules(kind)) found.insert(rule[kind].as<std::string>());
  return found;
}

struct Check {
  std::string expression;
  std::vector<std::string> expected;  // series
};

std::vector<Check> checks() {
  std::vector<Check> found;
  for (const auto& path : files(kSource / "tests/testdata/prometheus", ".yml")) {
    for (const YAML::Node& test : yaml(path)["tests"]) {
      for (const YAML::Node& check : test["promql_expr_test"]) {
        Check& added = found.emplace_back(Check{check["expr"].as<std::string>(), {}});
        for (const YAML::Node& sample : check["exp_samples"]) {
          added.expected.push_back(sample["labels"].as<std::string>());
        }
      }
    }
  }
  return found;
}

std::vector<Check> checks_of_alert(const std::string& alert) {
  std::vector<Check> found = checks();
  std::erase_if(found, [&](const Check& check) {
    return check.expression != "ALERTS{alertname=\"" + alert + "\"}";
  });
  return found;
}

/// The series ALERTS of this alert, firing, that cases expect.
std::vector<std::string> firings(const std::string& alert) {
  std::vector<std::string> found;
  for (const Check& check : checks_of_alert(alert)) {
    for (const std::string& series : check.expected) {
      if (series.find("alertstate=\"firing\"") != series.npos) found.push_back(series);
    }
  }
  return found;
}

std::set<std::string> metrics_of_the_program() {
  static const std::regex literal(R"re("((?:rtt|process)_[a-z_]+)")re");
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "userspace")) {
    if (entry.is_regular_file()) found.merge(matches(read(entry.path()), literal));
  }
  for (const std::string histogram : {"rtt_seconds", "rtt_tcp_queueing_seconds"}) {
    for (const char* suffix : {"_bucket", "_count"}) found.insert(histogram + suffix);
  }
  return found;
}

/// Every query of the rules, and every text that may quote one.
std::string queries() {
  std::string text;
  for (const char* kind : {"alert", "record"}) {
    for (const YAML::Node& rule : rules(kind)) {
      text += rule["expr"].as<std::string>() + "\n";
      for (const auto& annotation : rule["annotations"]) {
        text += annotation.second.as<std::string>() + "\n";
      }
    }
  }
  return text;
}

TEST(Rules, AreThere) {
  EXPECT_THAT(names("alert"), Not(IsEmpty()));
  EXPECT_THAT(names("record"), Not(IsEmpty()));
}

TEST(Rules, AreAllLoadedByTheShippedConfiguration) {
  std::set<std::string> loaded;
  for (const YAML::Node& file : yaml(kConfig / "prometheus.yml")["rule_files"]) {
    loaded.insert(file.as<std::string>());
  }
  std::set<std::string> shipped;
  for (const auto& path : files(kConfig, ".rules.yml")) shipped.insert(path.filename());
  EXPECT_EQ(loaded, shipped);
}

TEST(Rules, AskOnlyForWhatIsExposedOrRecorded) {
  static const std::regex recorded(R"(\b([a-z_]+:[a-z_]+:[a-z0-9_]+))");
  static const std::regex exposed(R"(\b((?:rtt|process)_[a-z_]+))");
  const std::string text = queries();
  EXPECT_THAT(names("record"), IsSupersetOf(matches(text, recorded)));
  std::set<std::string> known = metrics_of_the_program();
  known.insert("rtt_exporter");  // the program, and the job
  EXPECT_THAT(known, IsSupersetOf(matches(std::regex_replace(text, recorded, ""), exposed)));
}

TEST(Records, AreNamedLevelMetricOperations) {
  EXPECT_THAT(names("record"),
              Each(MatchesRegex("(instance_)?target_peer(_method)?:rtt_[a-z_]+:"
                                "(rate|tcp_rate|p[0-9]+_rate|tcp_min_p50_rate|ratio_rate)5m")));
}

TEST(Records, HaveACaseThatExpectsAValue) {
  const std::vector<Check> all = checks();
  for (const std::string& record : names("record")) {
    const std::regex use("(^|[^a-z_:])" + record + "($|[^a-z0-9_:])");
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Check& check) {
      return !check.expected.empty() && std::regex_search(check.expression, use);
    })) << record;
  }
}

TEST(Alerts, HaveACaseThatFires) {
  for (const std::string& alert : names("alert")) {
    EXPECT_THAT(firings(alert), Not(IsEmpty())) << alert;
  }
}

TEST(Alerts, HaveACaseThatDoesNotFire) {
  for (const std::string& alert : names("alert")) {
    const std::vector<Check> cases = checks_of_alert(alert);
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [](const Check& check) {
      return check.expected.empty();
    })) << alert;
  }
}

TEST(Alerts, HaveASeverityThatTheirFileExplains) {
  for (const YAML::Node& rule : rules("alert")) {
    EXPECT_THAT(rule["labels"]["severity"].as<std::string>(""),
                AnyOf("critical", "warning", "info"))
        << rule["alert"];
  }
}

TEST(Alerts, WaitBeforeTheyFire) {
  for (const YAML::Node& rule : rules("alert")) EXPECT_TRUE(rule["for"]) << rule["alert"];
}

TEST(Alerts, SayWhatTheyMeanHowToConfirmItAndWhatToDo) {
  for (const YAML::Node& rule : rules("alert")) {
    const YAML::Node annotations = rule["annotations"];
    EXPECT_THAT(annotations["summary"].as<std::string>(""), Not(IsEmpty())) << rule["alert"];
    EXPECT_THAT(annotations["description"].as<std::string>(""), Not(IsEmpty())) << rule["alert"];
    for (const char* part : {"Meaning: ", "\nConfirm: ", "\nDo: "}) {
      EXPECT_THAT(annotations["runbook"].as<std::string>(""), HasSubstr(part)) << rule["alert"];
    }
  }
}

TEST(Alerts, NameOnlyLabelsThatTheyHave) {
  static const std::regex used(R"(\$labels\.([a-z_]+))");
  static const std::regex label(R"(([a-z_]+)=")");
  for (const YAML::Node& rule : rules("alert")) {
    std::string text;
    for (const auto& annotation : rule["annotations"]) text += annotation.second.as<std::string>();
    for (const std::string& series : firings(rule["alert"].as<std::string>())) {
      EXPECT_THAT(matches(series, label), IsSupersetOf(matches(text, used))) << rule["alert"];
    }
  }
}

}  // namespace
}  // namespace rtt::prometheus
