#include <algorithm>

#include "config/map_access.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

constexpr std::int64_t kMaxProbes = 100;
constexpr std::int64_t kMaxConcurrent = 100;

void read_network(const Node& node, ProblemList& problems, std::vector<base::IpPrefix>& networks) {
  const auto text = to_text(node);
  if (!text) {
    problems.add(node.place,
                 "network" + description(node) + "; allowed: CIDR notation like 10.1.0.0/16");
    return;
  }
  const auto prefix = base::IpPrefix::parse(*text);
  if (!prefix) {
    problems.add(node.place, prefix.error().message);
  } else if (std::ranges::find(networks, *prefix) != networks.end()) {
    problems.add(node.place, "network " + in_quotes(*text) + " again; allowed: each once");
  } else {
    networks.push_back(*prefix);
  }
}

}  // namespace

std::optional<ProbeEndpoint> read_probe_endpoint(MapReader& root) {
  std::optional<ProbeEndpoint> config;
  read_section(root, "probe_endpoint", [&](MapReader& endpoint) {
    config.emplace();
    for (const Node* item : Loader::take_list(endpoint, "networks", "CIDR prefixes")) {
      read_network(*item, Loader::problems(endpoint), config->networks);
    }
    if (!Loader::is_given(endpoint, "networks")) {
      endpoint.problem_at("networks",
                          "'probe_endpoint' without 'networks'; allowed: the CIDR prefixes that "
                          "/probe may probe, at least one");
    }
    const auto count = [&](std::string_view key, std::size_t default_value, std::int64_t max) {
      return static_cast<std::size_t>(
          endpoint.integer(key, static_cast<std::int64_t>(default_value), 1, max));
    };
    config->probes = count("probes", config->probes, kMaxProbes);
    config->max_concurrent = count("max_concurrent", config->max_concurrent, kMaxConcurrent);
  });
  return config;
}

}  // namespace rtt::config
