#include "integration/prometheus_server.h"

#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "support/http_client.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::SetupError;

constexpr std::uint16_t kPort = 9090;
constexpr const char* kConfig = R"(
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
)";
constexpr const char* kMetrics = R"(
  - job_name: rtt_exporter
    static_configs: [{targets: ["127.0.0.1:10049"]}]
)";

std::vector<std::string> command_line(const support::TemporaryDirectory& directory,
                                      const std::string& scrape_configs, bool native) {
  const std::string config = directory.write("prometheus.yml", kConfig + scrape_configs);
  std::vector<std::string> argv = {"prometheus", "--config.file=" + config,
                                   "--storage.tsdb.path=" + directory.path() + "/data",
                                   "--web.listen-address=127.0.0.1:" + std::to_string(kPort)};
  if (native) argv.push_back("--enable-feature=native-histograms");
  return argv;
}

std::string url_encoded(const std::string& text) {
  std::string result;
  for (const unsigned char c : text) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", c);
    result += std::isalnum(c) != 0 ? std::string(1, static_cast<char>(c)) : hex;
  }
  return result;
}

std::string last_five_minutes() {
  const auto now =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  return "&start=" + std::to_string(now - 300) + "&end=" + std::to_string(now);
}

}  // namespace

PrometheusServer::PrometheusServer(const support::Namespace& where, bool native_histograms)
    : PrometheusServer(where, kMetrics, native_histograms) {}

PrometheusServer::PrometheusServer(const support::Namespace& where,
                                   const std::string& scrape_configs)
    : PrometheusServer(where, scrape_configs, false) {}

PrometheusServer::PrometheusServer(const support::Namespace& where,
                                   const std::string& scrape_configs, bool native_histograms)
    : where_(where),
      process_(command_line(directory_, scrape_configs, native_histograms), {.where = &where}) {
  const auto ready = [&] {
    const auto answer = support::fetch({.where = &where_, .port = kPort, .path = "/-/ready"});
    return answer.ok() && answer->status == 200;
  };
  if (!support::wait_until([&] { return ready() || !process_.running(); }, 60s, 100ms) ||
      !process_.running()) {
    throw SetupError("Prometheus does not get ready:\n" + process_.errors());
  }
}

json PrometheusServer::query(const std::string& expression) const {
  return get("/api/v1/query?query=" + url_encoded(expression)).at("result");
}

json PrometheusServer::query_range(const std::string& expression) const {
  return get("/api/v1/query_range?step=1&query=" + url_encoded(expression) + last_five_minutes())
      .at("result");
}

std::vector<std::string> PrometheusServer::label_values(const std::string& selector,
                                                        const std::string& label) const {
  return get("/api/v1/label/" + label + "/values?match[]=" + url_encoded(selector) +
             last_five_minutes());
}

json PrometheusServer::get(const std::string& path) const {
  const auto answer = support::fetch({.where = &where_, .port = kPort, .path = path});
  if (!answer) throw SetupError("no answer from Prometheus: " + answer.error().message);
  const json body = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (answer->status != 200 || !body.is_object()) {
    throw SetupError("Prometheus refuses " + path + ": " + answer->body);
  }
  return body.at("data");
}

}  // namespace rtt::integration
