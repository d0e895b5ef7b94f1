#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/map_access.h"
#include "config/read_choice.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

constexpr nanoseconds kMinPollInterval = std::chrono::milliseconds(100);
constexpr nanoseconds kMaxPollInterval = std::chrono::hours(1);
constexpr double kMinCpuShare = 0.01;
constexpr double kMaxCpuShare = 1024;
constexpr std::int64_t kMaxSeries = 1'000'000;
constexpr std::array<std::pair<std::string_view, bool>, 2> kNamespaces = {
    {{"own", false}, {"all", true}}};

bool is_wildcard(const base::ListenAddress& listen) {
  return !listen.address || *listen.address == base::IpAddress() ||
         *listen.address == base::IpAddress(in_addr{});
}

// The second bind would fail, and blame some other process.
bool overlap(const base::ListenAddress& a, const base::ListenAddress& b) {
  if (a.port != b.port || a.port == 0) return false;
  if (a.address == b.address || !a.address || !b.address) return true;
  return a.address->family() == b.address->family() && (is_wildcard(a) || is_wildcard(b));
}

void read_listen_address(const Node& node, ProblemList& problems,
                         std::vector<base::ListenAddress>& addresses) {
  const auto text = to_text(node);
  if (!text) {
    problems.add(node.place, "listen address" + description(node) +
                                 "; allowed: :port, 127.0.0.1:port or [::1]:port");
    return;
  }
  const auto parsed = base::ListenAddress::parse(*text);
  if (!parsed) {
    problems.add(node.place, parsed.error().message);
    return;
  }
  const auto other = std::find_if(addresses.begin(), addresses.end(),
                                  [&](const auto& before) { return overlap(before, *parsed); });
  if (other != addresses.end()) {
    problems.add(node.place, "listen address " + in_quotes(*text) + " overlaps with " +
                                 in_quotes(other->to_string()) +
                                 "; allowed: each address and port once");
    return;
  }
  addresses.push_back(*parsed);
}

constexpr nanoseconds kMinExpireAfter = std::chrono::seconds(1);
constexpr nanoseconds kMaxExpireAfter = std::chrono::hours(24);

OwnerLabels read_owner_labels(MapReader& passive) {
  OwnerLabels labels;
  const std::pair<std::string_view, bool OwnerLabels::*> known[] = {
      {"unit", &OwnerLabels::unit},
      {"container", &OwnerLabels::container},
      {"pod", &OwnerLabels::pod}};
  passive.each_item("labels", "labels", [&](const std::string& item) -> std::optional<std::string> {
    for (const auto& [name, wanted] : known) {
      if (item != name) continue;
      if (std::exchange(labels.*wanted, true)) {
        return "label " + in_quotes(item) + " is there twice; allowed: each once";
      }
      return std::nullopt;
    }
    return "there is no owner label " + in_quotes(item) + "; allowed: unit, container, pod";
  });
  return labels;
}

constexpr nanoseconds kMinAskInterval = std::chrono::seconds(1);
constexpr nanoseconds kMaxAskInterval = std::chrono::minutes(1);

// Each node has its own URL, but all share one file: ${NODE_NAME} is what the environment says.
base::Result<std::string> with_environment(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find("${"), text.size());
    result += text.substr(0, begin);
    text.remove_prefix(begin);
    if (text.empty()) break;
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) return base::Error{"\"${\" without \"}\""};
    const std::string name(text.substr(2, end - 2));
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') {
      return base::Error{"the environment has no " + in_quotes(name)};
    }
    result += value;
    text.remove_prefix(end + 1);
  }
  return result;
}

bool is_https_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  return url.starts_with(kScheme) && url.size() > kScheme.size() && url[kScheme.size()] != '/' &&
         std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void read_path(MapReader& kubernetes, std::string_view key, std::string& path) {
  path = kubernetes.string(key, path);
  if (!path.starts_with('/')) {
    kubernetes.problem_at(key, std::string(key) + " " + in_quotes(path) +
                                   " is no absolute path; allowed: one like /etc/file");
  }
}

Kubernetes read_kubernetes(MapReader& kubernetes) {
  Kubernetes config;
  auto url = with_environment(kubernetes.required_string("url"));
  if (!url) {
    kubernetes.problem_at("url", "url: " + url.error().message +
                                     "; allowed: ${NAME} for a variable of the environment");
  } else if (!url->empty() && !is_https_url(*url)) {
    kubernetes.problem_at("url", "url " + in_quotes(*url) +
                                     "; allowed: one like https://node:10250/pods, because the "
                                     "token goes with it");
  } else {
    config.url = *std::move(url);
  }
  read_path(kubernetes, "token_file", config.token_file);
  read_path(kubernetes, "ca_file", config.ca_file);
  config.interval =
      kubernetes.duration("interval", config.interval, kMinAskInterval, kMaxAskInterval);
  return config;
}

}  // namespace

std::size_t read_max_series(MapReader& root) {
  auto max_series = static_cast<std::int64_t>(Config().max_series);
  read_section(root, "limits", [&](MapReader& limits) {
    max_series = limits.integer("max_series", max_series, 1, kMaxSeries);
  });
  return static_cast<std::size_t>(max_series);
}

PassiveConfig read_passive(MapReader& root) {
  PassiveConfig config;
  read_section(root, "passive", [&](MapReader& passive) {
    config.labels = read_owner_labels(passive);
    config.labels_expire_after = passive.duration("labels_expire_after", config.labels_expire_after,
                                                  kMinExpireAfter, kMaxExpireAfter);
    read_section(passive, "kubernetes",
                 [&](MapReader& section) { config.kubernetes = read_kubernetes(section); });
    if (config.kubernetes && !config.labels.pod) {
      passive.problem_at("kubernetes", "kubernetes names pods; allowed: with labels: [pod]");
    }
    config.labels.pod_namespace = config.kubernetes.has_value();
    read_section(passive, "tcp_probe", [&](MapReader& tcp_probe) {
      config.tcp_probe.enabled = tcp_probe.boolean("enabled", config.tcp_probe.enabled);
      config.tcp_probe.max_cpu_share = tcp_probe.number(
          "max_cpu_share", config.tcp_probe.max_cpu_share, kMinCpuShare, kMaxCpuShare);
    });
    read_section(passive, "tcp_info", [&](MapReader& tcp_info) {
      config.tcp_info.enabled = tcp_info.boolean("enabled", config.tcp_info.enabled);
      config.tcp_info.interval = tcp_info.duration("interval", config.tcp_info.interval,
                                                   kMinPollInterval, kMaxPollInterval);
      config.tcp_info.all_namespaces =
          read_choice<bool>(tcp_info, "namespaces", kNamespaces, config.tcp_info.all_namespaces);
    });
  });
  return config;
}

std::vector<base::ListenAddress> read_echo_server(MapReader& root) {
  std::vector<base::ListenAddress> addresses;
  read_section(root, "echo_server", [&](MapReader& echo_server) {
    for (const Node* item : Loader::take_list(echo_server, "listen", "listen addresses")) {
      read_listen_address(*item, Loader::problems(echo_server), addresses);
    }
  });
  return addresses;
}

}  // namespace rtt::config
