#include "config/target_reader.h"

#include <array>
#include <optional>

#include "config/file_sd.h"
#include "config/host_name.h"
#include "config/ip_family.h"
#include "config/map_access.h"
#include "config/read_choice.h"
#include "config/read_labels.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

constexpr std::string_view kOther = "other";

constexpr std::int64_t kMaxPeers = 1'000'000;  // as limits.max_series

constexpr std::array<std::pair<std::string_view, bool>, 2> kAddresses = {{
    {"first", false},
    {"all", true},
}};

// Nothing: it may stand there.
std::optional<std::string> wrong_family(const std::string& host, IpFamily wanted) {
  const auto literal = base::IpAddress::parse(host);
  if (!literal || has_family(wanted, literal->family())) return std::nullopt;
  const std::string family = literal->is_v4() ? "ipv4" : "ipv6";
  return "host " + in_quotes(host) +
         " is not of the target's 'ip_family'; allowed: " + (literal->is_v4() ? "IPv6" : "IPv4") +
         " addresses, names, or 'ip_family: " + family + "'";
}

}  // namespace

Target TargetReader::read(MapReader& reader) {
  Target target;
  read_name(reader, target);
  target.labels = read_labels(reader);
  target.ip_family = read_ip_family(reader);
  target.all_addresses = read_choice<bool>(reader, "addresses", kAddresses, false);
  read_hosts(reader, target);
  read_networks(reader, target);
  read_local_ports(reader, target);
  read_dns_peers(reader, target);
  read_files(reader, target);
  read_max_peers(reader, target);
  read_probes(reader, target);
  return target;
}

void TargetReader::read_name(MapReader& reader, Target& target) {
  ProblemList& problems = Loader::problems(reader);
  const Node* node = Loader::take(reader, "name");
  if (node == nullptr) {
    reader.problem_at("name", "a target without 'name'; allowed: a name of its own");
    return;
  }
  const auto name = read_label_value(*node, Loader::place(reader, "name"), "target name", problems);
  if (!name) return;
  target.name = *name;
  if (target.name == kOther) {
    reader.problem_at("name",
                      "target name 'other' is what traffic of no target counts under; allowed: "
                      "any other name");
    return;
  }
  if (discovered_taken_ && target.name == kDiscoveredTarget) {
    reader.problem_at("name",
                      "target name 'discovered' is that of the peers of discovery.passive_peers; "
                      "allowed: any other name");
    return;
  }
  claim(names_, target.name, *node, "target name " + in_quotes(target.name), problems);
}

void TargetReader::read_hosts(MapReader& reader, Target& target) {
  ProblemList& problems = Loader::problems(reader);
  for (const Node* item : Loader::take_list(reader, "hosts", "host names and IP addresses")) {
    const auto text = read_item(*item, "host", "a host name or an IP address", problems);
    if (!text) continue;
    const auto host = canonical_host(*text);
    if (!host) {
      problems.add(item->place, host.error().message);
    } else if (const auto wrong = wrong_family(*text, target.ip_family)) {
      problems.add(item->place, *wrong);
    } else if (claim(hosts_, *host, *item, "host " + in_quotes(*text), problems)) {
      target.hosts.push_back(*text);
    }
  }
}

void TargetReader::read_networks(MapReader& reader, Target& target) {
  ProblemList& problems = Loader::problems(reader);
  for (const Node* item : Loader::take_list(reader, "networks", "CIDR prefixes")) {
    const auto text = read_item(*item, "network", "CIDR notation like 10.1.0.0/16", problems);
    if (!text) continue;
    const auto prefix = base::IpPrefix::parse(*text);
    if (!prefix) {
      problems.add(item->place, prefix.error().message);
    } else if (claim(networks_, *prefix, *item, "network " + in_quotes(*text), problems)) {
      target.networks.push_back({*text, *prefix});
    }
  }
}

void TargetReader::read_local_ports(MapReader& reader, Target& target) {
  ProblemList& problems = Loader::problems(reader);
  for (const Node* item : Loader::take_list(reader, "local_ports", "port numbers")) {
    const auto number = to_integer(*item);
    if (!number || *number < 1 || *number > UINT16_MAX) {
      problems.add(item->place,
                   "local port" + description(*item) + "; allowed: a whole number from 1 to 65535");
      continue;
    }
    const auto port = static_cast<std::uint16_t>(*number);
    if (claim(local_ports_, port, *item, "local port " + item->text, problems)) {
      target.local_ports.push_back(port);
    }
  }
}

void TargetReader::read_dns_peers(MapReader& reader, Target& target) {
  ProblemList& problems = Loader::problems(reader);
  for (const Node* item : Loader::take_list(reader, "dns_peers", "DNS names")) {
    const auto text = read_item(*item, "DNS name", "a name whose addresses are peers", problems);
    if (!text) continue;
    const auto name = canonical_host(*text);
    if (!name) {
      problems.add(item->place, name.error().message);
    } else if (base::IpAddress::parse(*name)) {
      problems.add(item->place,
                   "DNS name " + in_quotes(*text) +
                       " is an address; allowed: a name (an address is one of 'hosts')");
    } else if (claim(dns_peers_, *name, *item, "DNS name " + in_quotes(*text), problems)) {
      target.dns_peers.push_back(*text);
    }
  }
}

void TargetReader::read_files(MapReader& reader, Target& target) {
  ProblemList& problems = Loader::problems(reader);
  for (const Node* item : Loader::take_list(reader, "files", "file names and patterns")) {
    const auto text = read_item(*item, "file", "a name or pattern like peers/*.json", problems);
    if (!text) continue;
    if (const auto allowed = check_file_pattern(*text); !allowed) {
      problems.add(item->place, allowed.error().message);
    } else if (claim(files_, *text, *item, "file " + in_quotes(*text), problems)) {
      target.files.push_back(*text);
    }
  }
}

void TargetReader::read_max_peers(MapReader& reader, Target& target) {
  if (!reader.has("max_peers")) return;
  target.max_peers = static_cast<std::size_t>(reader.integer("max_peers", 1, 1, kMaxPeers));
  if (Loader::is_given(reader, "dns_peers") || Loader::is_given(reader, "files")) return;
  reader.problem_at("max_peers",
                    "'max_peers' without peers to choose from; allowed: beside 'dns_peers' or "
                    "'files'");
}

void TargetReader::read_probes(MapReader& reader, Target& target) {
  target.probes = probes_.read(reader);
  if (!Loader::is_given(reader, "probes") || Loader::is_given(reader, "hosts") ||
      Loader::is_given(reader, "dns_peers") || Loader::is_given(reader, "files")) {
    return;
  }
  reader.problem_at("probes",
                    "probes without hosts to probe; allowed: 'probes' beside 'hosts', 'dns_peers' "
                    "or 'files'");
}

template <typename Key>
bool TargetReader::claim(std::map<Key, int>& lines, const Key& key, const Node& item,
                         const std::string& what, ProblemList& problems) {
  const auto [first, is_new] = lines.emplace(key, item.place.line);
  if (!is_new) {
    problems.add(item.place, what + " again; it is already on line " +
                                 std::to_string(first->second) + "; allowed: each once");
  }
  return is_new;
}

}  // namespace rtt::config
