#include <algorithm>
#include <array>
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
