#include "owners/cgroup_owners.h"

#include <utility>

namespace rtt::owners {

metrics::Labels labels_of(const Owner& owner, config::OwnerLabels wanted) {
  metrics::Labels labels;
  if (wanted.unit) labels.emplace_back("unit", owner.unit);
  if (wanted.container) labels.emplace_back("container", owner.container);
  if (wanted.pod) labels.emplace_back("pod", owner.pod);
  if (wanted.pod_namespace) labels.emplace_back("namespace", owner.pod_namespace);
  return labels;
}

CgroupOwners::CgroupOwners(config::OwnerLabels wanted)
    : wanted_(wanted), no_labels_(labels_of({}, wanted)) {}

Number CgroupOwners::number_of(metrics::Labels labels) {
  if (labels == no_labels_) return kNobody;
  const auto [known, added] = numbers_.try_emplace(std::move(labels), last_number_ + 1);
  if (added) owners_[++last_number_].labels = known->first;
  return known->second;
}

Number CgroupOwners::add(std::uint64_t id, const Owner& owner) {
  const std::lock_guard lock(mutex_);
  const Number number = number_of(labels_of(owner, wanted_));
  if (number != kNobody) {
    Labelled& labelled = owners_.at(number);
    ++labelled.cgroups;
    if (labelled.present++ == 0) ++present_;
  }
  const auto known = cgroups_.find(id);
  if (known != cgroups_.end() && known->second.owner != number) ++version_;
  erase(id);  // what was known of it; afterwards, so that an owner that stays keeps its number
  cgroups_[id] = {number};
  return number;
}

void CgroupOwners::leave(std::uint64_t id, base::TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = cgroups_.find(id);
  if (found == cgroups_.end() || found->second.left) return;
  found->second.left = now;
  if (found->second.owner != kNobody && --owners_.at(found->second.owner).present == 0) --present_;
}

std::vector<std::uint64_t> CgroupOwners::forget(base::TimePoint before) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> gone;
  for (const auto& [id, cgroup] : cgroups_) {
    if (cgroup.left && *cgroup.left < before) gone.push_back(id);
  }
  for (const std::uint64_t id : gone) erase(id);
  if (!gone.empty()) ++version_;
  return gone;
}

void CgroupOwners::erase(std::uint64_t id) {
  const auto found = cgroups_.find(id);
  if (found == cgroups_.end()) return;
  const Cgroup cgroup = found->second;
  cgroups_.erase(found);
  if (cgroup.owner == kNobody) return;
  const auto owner = owners_.find(cgroup.owner);
  if (!cgroup.left && --owner->second.present == 0) --present_;
  if (--owner->second.cgroups > 0) return;
  numbers_.erase(owner->second.labels);
  owners_.erase(owner);
}

std::optional<Number> CgroupOwners::number(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = cgroups_.find(id);
  if (found == cgroups_.end()) return std::nullopt;
  return found->second.owner;
}

std::optional<metrics::Labels> CgroupOwners::labels(Number owner) const {
  if (owner == kNobody) return no_labels_;
  const std::lock_guard lock(mutex_);
  const auto found = owners_.find(owner);
  if (found == owners_.end()) return std::nullopt;
  return found->second.labels;
}

std::vector<std::pair<std::uint64_t, Number>> CgroupOwners::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::uint64_t, Number>> all;
  all.reserve(cgroups_.size());
  for (const auto& [id, cgroup] : cgroups_) all.emplace_back(id, cgroup.owner);
  return all;
}

std::uint64_t CgroupOwners::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

std::size_t CgroupOwners::size() const {
  const std::lock_guard lock(mutex_);
  return cgroups_.size();
}

std::size_t CgroupOwners::present() const {
  const std::lock_guard lock(mutex_);
  return present_;
}

}  // namespace rtt::owners
