#include <algorithm>
#include <array>

#include "config/map_access.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/target_reader.h"

namespace rtt::config {
namespace {

bool has_peers(MapReader& target) {
  constexpr std::array<const char*, 5> kPeers = {"hosts", "networks", "local_ports", "dns_peers",
                                                 "files"};
  return std::ranges::any_of(kPeers,
                             [&](const char* key) { return Loader::is_given(target, key); });
}

}  // namespace

std::vector<Target> read_targets(MapReader& root, const std::vector<Probe>& probes,
                                 bool discovered_taken) {
  std::vector<Target> targets;
  TargetReader reader(probes, discovered_taken);
  ProblemList& problems = Loader::problems(root);
  for (const Node* item : Loader::take_list(root, "targets", "targets")) {
    if (item->kind != Node::Kind::kMapping) {
      problems.add(item->place, "a target" + description(*item) +
                                    "; allowed: a mapping like {name: db, hosts: [10.0.0.5]}");
      continue;
    }
    MapReader target = Loader::open(*item, problems);
    targets.push_back(reader.read(target));
    if (!has_peers(target)) {
      target.problem_at("hosts",
                        "a target without peers; allowed: at least one of hosts, networks, "
                        "local_ports, dns_peers and files");
    }
    Loader::finish(target);
  }
  return targets;
}

}  // namespace rtt::config
