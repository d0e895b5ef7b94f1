#include <algorithm>
#include <string>

#include "config/map_access.h"
#include "config/probe_list.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kMaxPeers = 1000;

std::vector<base::IpPrefix> read_networks(MapReader& section) {
  std::vector<base::IpPrefix> networks;
  ProblemList& problems = Loader::problems(section);
  for (const Node* item : Loader::take_list(section, "networks", "CIDR prefixes")) {
    const auto text = read_item(*item, "network", "CIDR notation like 10.1.0.0/16", problems);
    if (!text) continue;
    const auto prefix = base::IpPrefix::parse(*text);
    if (!prefix) {
      problems.add(item->place, prefix.error().message);
    } else if (std::ranges::find(networks, *prefix) != networks.end()) {
      problems.add(item->place, "network " + in_quotes(*text) + " again; allowed: each once");
    } else {
      networks.push_back(*prefix);
    }
  }
  if (!Loader::is_given(section, "networks")) {
    section.problem_at("networks",
                       "'passive_peers' without networks; allowed: 'networks', a list of CIDR "
                       "prefixes that peers may lie in");
  }
  return networks;
}

// Connections of our own would keep their peer alive for ever.
void refuse_tcp(MapReader& section, const std::vector<Probe>& probes,
                const std::vector<std::size_t>& indices, std::span<const MethodSchema> methods) {
  for (const std::size_t index : indices) {
    const Probe& probe = probes[index];
    const auto method = std::ranges::find(methods, probe.method, &MethodSchema::name);
    if (method == methods.end() || !method->over_tcp) continue;
    section.problem_at("probes", "probe " + in_quotes(probe.name) + " (" + probe.method +
                                     ") makes TCP connections, which would keep a peer that has "
                                     "no other; allowed: probes of other methods");
  }
}

PassivePeers read_section_passive_peers(MapReader& section, const std::vector<Probe>& probes,
                                        std::span<const MethodSchema> methods) {
  PassivePeers config;
  config.networks = read_networks(section);
  config.max_peers = static_cast<std::size_t>(
      section.integer("max_peers", static_cast<std::int64_t>(config.max_peers), 1, kMaxPeers));
  config.interval = section.duration("interval", config.interval, seconds(1), hours(1));
  config.expire_after =
      section.duration("expire_after", config.expire_after, seconds(1), hours(24));
  if (config.expire_after < config.interval) {
    section.problem_at(
        "expire_after",
        "'expire_after' is shorter than 'interval' (1m if it is not given), so every "
        "peer would go before it is looked at again; allowed: at least 'interval'");
  }
  config.probes = ProbeList(probes).read(section);
  refuse_tcp(section, probes, config.probes, methods);
  if (!Loader::is_given(section, "probes")) {
    section.problem_at("probes",
                       "'passive_peers' without probes; allowed: 'probes', a list of names");
  }
  return config;
}

}  // namespace

DnsConfig read_dns(MapReader& root) {
  DnsConfig config;
  read_section(root, "dns", [&](MapReader& dns) {
    config.min_refresh =
        dns.duration("min_refresh", config.min_refresh, milliseconds(100), hours(1));
    config.max_refresh =
        dns.duration("max_refresh", config.max_refresh, milliseconds(100), hours(24));
    config.timeout = dns.duration("timeout", config.timeout, milliseconds(10), seconds(30));
    if (config.max_refresh >= config.min_refresh) return;
    dns.problem_at(dns.has("max_refresh") ? "max_refresh" : "min_refresh",
                   "'max_refresh' (5m if it is not given) is shorter than 'min_refresh' (5s if it "
                   "is not given); allowed: at least 'min_refresh'");
  });
  return config;
}

std::optional<PassivePeers> read_passive_peers(MapReader& root, const std::vector<Probe>& probes,
                                               const PassiveConfig& passive,
                                               std::span<const MethodSchema> methods) {
  std::optional<PassivePeers> config;
  read_section(root, "discovery", [&](MapReader& discovery) {
    read_section(discovery, "passive_peers", [&](MapReader& section) {
      config = read_section_passive_peers(section, probes, methods);
      if (passive.tcp_info.enabled) return;
      discovery.problem_at("passive_peers",
                           "'passive_peers' is read off tcp_info; allowed: with "
                           "passive.tcp_info.enabled true");
    });
  });
  return config;
}

}  // namespace rtt::config
