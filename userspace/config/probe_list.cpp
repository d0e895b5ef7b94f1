#include "config/probe_list.h"

#include <algorithm>

#include "config/map_access.h"
#include "config/scalar.h"
#include "config/wording.h"

namespace rtt::config {

ProbeList::ProbeList(const std::vector<Probe>& probes) : probes_(probes) {
  for (std::size_t i = 0; i < probes.size(); ++i) {
    indices_.emplace(probes[i].name, i);
    names_.push_back(probes[i].name);
  }
}

std::vector<std::size_t> ProbeList::read(MapReader& reader) const {
  std::vector<std::size_t> indices;
  for (const Node* item : Loader::take_list(reader, "probes", "names of probes")) {
    add(*item, Loader::problems(reader), indices);
  }
  return indices;
}

void ProbeList::add(const Node& item, ProblemList& problems,
                    std::vector<std::size_t>& indices) const {
  const auto name = read_item(item, "probe", "the name of a probe under 'probes'", problems);
  if (!name) return;
  const auto index = indices_.find(*name);
  if (index == indices_.end()) {
    const std::string defined = names_.empty() ? "none is defined" : listed(names_);
    problems.add(item.place, "no probe is called " + in_quotes(*name) + suggestion(*name, names_) +
                                 "; allowed: " + defined);
    return;
  }
  const Probe& probe = probes_[index->second];
  const auto same = std::find_if(indices.begin(), indices.end(), [&](std::size_t i) {
    return i == index->second || (!probe.method.empty() && probes_[i].method == probe.method);
  });
  if (same == indices.end()) {
    indices.push_back(index->second);
    return;
  }
  problems.add(item.place,
               *same == index->second
                   ? "probe " + in_quotes(*name) + " again; allowed: each probe once"
                   : "probe " + in_quotes(*name) + " has the method of " +
                         in_quotes(probes_[*same].name) + " (" + probe.method +
                         "), and they would be one series; allowed: one probe of each method");
}

}  // namespace rtt::config
