// The shipped Prometheus configuration and its rules, in a real Prometheus that scrapes the real
// program: what a user has who follows config/stack/README.md without Docker.
#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/setup_error.h"
#include "support/temporary_directory.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::Daemon;
using support::Namespace;
using ::testing::IsEmpty;
using ::testing::Not;

const std::filesystem::path kShipped = std::filesystem::path(RTT_SOURCE_DIR) / "config/prometheus";
constexpr std::uint16_t kPort = 9090;
constexpr const char* kMethods[] = {"icmp",      "tcp_connect",   "tcp_echo",
                                    "tcp_probe", "tcp_handshake", "tcp_info"};

/// The recorded median of target self, as a parameter of a URL.
std::string median_of(const std::string& method) {
  return "target_peer_method:rtt_seconds:p50_rate5m%7Btarget=%22self%22,method=%22" + method +
         "%22%7D";
}

/// Prometheus with a copy of config/prometheus, on its default port in the namespace. Of the
/// configuration only the two intervals are changed, to 1 s, so that a test need not wait for them.
class Prometheus {
 public:
  explicit Prometheus(const Namespace& where) : where_(where) {
    for (const auto& entry : std::filesystem::directory_iterator(kShipped)) {
      directory_.write(entry.path().filename(), support::read_file(entry.path()));
    }
    YAML::Node config = YAML::LoadFile(kShipped / "prometheus.yml");
    config["global"]["scrape_interval"] = "1s";
    config["global"]["evaluation_interval"] = "1s";
    const std::string file = directory_.write("prometheus.yml", YAML::Dump(config));
    process_.emplace(
        std::vector<std::string>{"prometheus", "--config.file=" + file,
                                 "--storage.tsdb.path=" + directory_.path() + "/data",
                                 "--web.listen-address=127.0.0.1:" + std::to_string(kPort),
                                 "--log.level=warn"},
        support::ProcessOptions{.where = &where});
  }

  /// The field "data" of an answer of the HTTP API; null while there is none.
  [[nodiscard]] json ask(const std::string& path) const {
    const auto response = support::fetch({.where = &where_, .port = kPort, .path = path});
    if (!response || response->status != 200) return nullptr;
    return json::parse(response->body)["data"];
  }

  /// Asks until the answer is as it should be; the last answer. Fails the test at the timeout.
  template <typename Condition>
  json ask_until(const std::string& path, Condition&& condition) {
    json answer;
    const auto as_it_should_be = [&] {
      if (!process_->running()) throw support::SetupError("Prometheus: " + process_->errors());
      answer = ask(path);
      return !answer.is_null() && condition(answer);
    };
    EXPECT_TRUE(support::wait_until(as_it_should_be, 60s, 100ms)) << path << "\n" << answer.dump(1);
    return answer;
  }

 private:
  const Namespace& where_;
  support::TemporaryDirectory directory_;
  std::optional<support::Process> process_;
};

std::vector<json> rules_of(const json& answer) {
  std::vector<json> rules;
  for (const json& group : answer["groups"]) {
    rules.insert(rules.end(), group["rules"].begin(), group["rules"].end());
  }
  return rules;
}

std::vector<std::string> evaluation_times(const json& answer) {
  std::vector<std::string> times;
  for (const json& rule : rules_of(answer)) times.push_back(rule["lastEvaluation"]);
  return times;
}

/// Whether every rule has been evaluated since.
bool all_evaluated_since(const json& earlier, const json& now) {
  const auto before = evaluation_times(earlier);
  const auto after = evaluation_times(now);
  return std::ranges::mismatch(before, after, std::not_equal_to<>()).in1 == before.end();
}

class PrometheusTest : public ::testing::Test {
 protected:
  /// Until a query has a result.
  json result(const std::string& query) {
    return prometheus_.ask_until("/api/v1/query?query=" + query, [](const json& data) {
      return !data["result"].empty();
    })["result"];
  }

  /// The rules, each evaluated on data of every method.
  json evaluated_rules() {
    for (const char* method : kMethods) (void)result(median_of(method));
    const json earlier = prometheus_.ask("/api/v1/rules");
    return prometheus_.ask_until(
        "/api/v1/rules", [&](const json& now) { return all_evaluated_since(earlier, now); });
  }

  Namespace here_;
  Daemon daemon_{here_, Daemon::Options{}};
  Prometheus prometheus_{here_};
};

TEST_F(PrometheusTest, ScrapesTheExporter) {
  prometheus_.ask_until("/api/v1/targets", [](const json& targets) {
    const json& active = targets["activeTargets"];
    return active.size() == 1 && active[0]["health"] == "up";
  });
}

TEST_F(PrometheusTest, EvaluatesEveryRuleWithoutError) {
  const json rules = evaluated_rules();
  EXPECT_THAT(rules_of(rules), Not(IsEmpty()));
  for (const json& rule : rules_of(rules)) EXPECT_EQ(rule["health"], "ok") << rule;
}

TEST_F(PrometheusTest, RecordsAMedianOfEveryMethodForTargetSelf) {
  for (const char* method : kMethods) {
    const json recorded = result(median_of(method));
    ASSERT_EQ(recorded.size(), 1U) << recorded;
    EXPECT_GT(std::stod(recorded[0]["value"][1].get<std::string>()), 0) << method;
  }
}

// Waits, because one lost probe is a large part of the first few.
TEST_F(PrometheusTest, HasNoAlertOnAHealthyMachineNotEvenAPendingOne) {
  (void)evaluated_rules();
  prometheus_.ask_until("/api/v1/alerts",
                        [](const json& answer) { return answer["alerts"].empty(); });
}

}  // namespace
}  // namespace rtt::integration
