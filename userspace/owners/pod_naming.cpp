#include "owners/pod_naming.h"

#include <algorithm>
#include <utility>

namespace rtt::owners {

bool PodNaming::name(Owner& owner) const {
  const auto known = list_.by_uid.find(owner.pod);
  if (known == list_.by_uid.end()) return false;
  owner.pod = known->second.name;
  owner.pod_namespace = known->second.name_space;
  return true;
}

bool PodNaming::come(std::uint64_t cgroup, Owner owner, base::TimePoint now) {
  if (name(owner)) {
    on_owner_(cgroup, owner);
    return true;
  }
  unnamed_.insert_or_assign(cgroup, Unnamed{std::move(owner), now});
  return false;
}

std::size_t PodNaming::answer(PodList list, base::TimePoint asked) {
  list_ = std::move(list);
  std::size_t named = 0;
  for (auto entry = unnamed_.begin(); entry != unnamed_.end();) {
    if (name(entry->second.owner)) {
      on_owner_(entry->first, entry->second.owner);
      entry = unnamed_.erase(entry);
      ++named;
    } else {
      ++entry;
    }
  }
  give_up(asked);
  return named;
}

bool PodNaming::waiting() const {
  return std::any_of(unnamed_.begin(), unnamed_.end(),
                     [](const auto& entry) { return entry.second.waiting; });
}

void PodNaming::give_up(base::TimePoint seen_before) {
  for (auto& [cgroup, unnamed] : unnamed_) {
    if (!unnamed.waiting || unnamed.seen >= seen_before) continue;
    unnamed.waiting = false;
    on_owner_(cgroup, unnamed.owner);
  }
}

}  // namespace rtt::owners
