#include "config/target_reader.h"

#include <algorithm>

#include "config/host_name.h"
#include "config/map_access.h"
#include "config/read_labels.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

constexpr std::string_view kOther = "other";

// A scalar of a list as text; nothing, and noted, when it is something else.
std::optional<std::string> read_item(const Node& item, const std::string& what,
                                     const std::string& allowed, ProblemList& problems) {
  auto text = to_text(item);
  if (!text) problems.add(item.place, what + description(item) + "; allowed: " + allowed);
  return text;
}

}  // namespace

TargetReader::TargetReader(const std::vector<Probe>& probes) : probes_(probes) {
  for (std::size_t i = 0; i < probes.size(); ++i) {
    probe_indices_.emplace(probes[i].name, i);
    probe_names_.push_back(probes[i].name);
  }
}

Target TargetReader::read(MapReader& reader) {
  Target target;
  read_name(reader, target);
  target.labels = read_labels(reader);
  read_hosts(reader, target);
  read_networks(reader, target);
  read_local_ports(reader, target);
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

void TargetReader::read_probes(MapReader& reader, Target& target) {
  ProblemList& problems = Loader::problems(reader);
  const auto items = Loader::take_list(reader, "probes", "names of probes");
  for (const Node* item : items) add_probe(*item, problems, target);
  if (!items.empty() && !Loader::is_given(reader, "hosts")) {
    reader.problem_at("probes", "probes without hosts to probe; allowed: 'probes' beside 'hosts'");
  }
}

void TargetReader::add_probe(const Node& item, ProblemList& problems, Target& target) const {
  const auto name = read_item(item, "probe", "the name of a probe under 'probes'", problems);
  if (!name) return;
  const auto index = probe_indices_.find(*name);
  if (index == probe_indices_.end()) {
    const std::string defined = probe_names_.empty() ? "none is defined" : listed(probe_names_);
    problems.add(item.place, "no probe is called " + in_quotes(*name) +
                                 suggestion(*name, probe_names_) + "; allowed: " + defined);
    return;
  }
  const Probe& probe = probes_[index->second];
  const auto same = std::find_if(target.probes.begin(), target.probes.end(), [&](std::size_t i) {
    return i == index->second || (!probe.method.empty() && probes_[i].method == probe.method);
  });
  if (same == target.probes.end()) {
    target.probes.push_back(index->second);
    return;
  }
  problems.add(item.place,
               *same == index->second
                   ? "probe " + in_quotes(*name) + " again; allowed: each probe once"
                   : "probe " + in_quotes(*name) + " has the method of " +
                         in_quotes(probes_[*same].name) + " (" + probe.method +
                         "), and they would be one series; allowed: one probe of each method");
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
