#include "config/map_access.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/target_reader.h"

namespace rtt::config {
namespace {

bool has_peers(MapReader& target) {
  return Loader::is_given(target, "hosts") || Loader::is_given(target, "networks") ||
         Loader::is_given(target, "local_ports");
}

}  // namespace

std::vector<Target> read_targets(MapReader& root, const std::vector<Probe>& probes) {
  std::vector<Target> targets;
  TargetReader reader(probes);
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
                        "a target without peers; allowed: at least one of hosts, networks "
                        "and local_ports");
    }
    Loader::finish(target);
  }
  return targets;
}

}  // namespace rtt::config
