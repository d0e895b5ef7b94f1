#include "owners/owner_watch.h"

#include <utility>

#include "owners/cgroup_mount.h"
#include "owners/cgroup_path.h"

namespace rtt::owners {
namespace {

constexpr metrics::FamilyInfo kCgroups = {"rtt_exporter_cgroups", "Cgroups that are followed."};
constexpr metrics::FamilyInfo kOwners = {
    "rtt_exporter_owners",
    "Owners of those cgroups, as passive.labels tells them apart: units, containers, pods."};
constexpr metrics::FamilyInfo kProblems = {
    "rtt_exporter_cgroup_errors_total",
    "Why cgroups may have been missed, by reason: too_many (no room for it), watch_limit "
    "(fs.inotify.max_user_watches), overflow (events were lost; all were looked at again), "
    "unreadable."};

// As many as CgroupTree follows may have gone, and be remembered, beside those that are there.
constexpr std::size_t kMostCgroups = 2 * CgroupTree::Limits{}.cgroups;

}  // namespace

OwnerWatch::OwnerWatch(base::EventLoop& loop, metrics::ExporterMetrics& metrics, Options options,
                       Callbacks callbacks)
    : metrics_(metrics),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      owners_(std::make_shared<CgroupOwners>(options_.labels)) {
  if (options_.kubernetes) {
    pods_ = std::make_unique<PodWatch>(
        loop, metrics, *options_.kubernetes,
        PodWatch::Callbacks{[this](auto cgroup, const auto& owner) { set(cgroup, owner); },
                            callbacks_.on_pod_state});
  }
  for (int i = 0; i < static_cast<int>(TreeProblem::kCount); ++i) {
    const std::string reason(to_string(static_cast<TreeProblem>(i)));
    metrics_.add_counter(kProblems, {{"reason", reason}}, 0);
  }
}

OwnerWatch::~OwnerWatch() {
  metrics_.set_gauge(kCgroups, {}, 0);
  metrics_.set_gauge(kOwners, {}, 0);
}

base::Result<std::unique_ptr<OwnerWatch>> OwnerWatch::create(base::EventLoop& loop,
                                                             metrics::ExporterMetrics& metrics,
                                                             Options options, Callbacks callbacks) {
  auto root = find_cgroup2();
  if (!root) return root.error();
  std::unique_ptr<OwnerWatch> watch(
      new OwnerWatch(loop, metrics, std::move(options), std::move(callbacks)));
  OwnerWatch* const self = watch.get();
  auto tree = CgroupTree::create(
      loop, *root, {},
      {.on_cgroup = [self](auto cgroup, const auto& path) { self->come(cgroup, path); },
       .on_gone = [self](auto cgroup) { self->go(cgroup); },
       .on_walked =
           [self] {
             self->walked_ = true;
             self->show();
           },
       .on_problem = [self](auto what) { self->note(what); }});
  if (!tree) return tree.error();
  watch->tree_ = std::move(*tree);
  return watch;
}

void OwnerWatch::look_again() {
  if (!tree_->complete()) tree_->walk();
}

void OwnerWatch::come(std::uint64_t cgroup, const std::string& path) {
  if (owners_->size() >= kMostCgroups) forget(base::Clock::now());
  Owner owner = owner_of_cgroup(path);
  if (pods_ && !owner.pod.empty()) {
    pods_->come(cgroup, std::move(owner));
  } else {
    set(cgroup, owner);
  }
}

void OwnerWatch::set(std::uint64_t cgroup, const Owner& owner) {
  callbacks_.on_owner(cgroup, owners_->add(cgroup, owner));
  if (walked_) show();
}

void OwnerWatch::go(std::uint64_t cgroup) {
  if (pods_) pods_->go(cgroup);
  owners_->leave(cgroup, base::Clock::now());
  if (walked_) show();
}

void OwnerWatch::forget(base::TimePoint before) {
  for (const std::uint64_t cgroup : owners_->forget(before)) callbacks_.on_forgotten(cgroup);
}

void OwnerWatch::note(TreeProblem what) {
  metrics_.add_counter(kProblems, {{"reason", std::string(to_string(what))}}, 1);
}

void OwnerWatch::show() const {
  metrics_.set_gauge(kCgroups, {}, static_cast<double>(tree_->size()));
  metrics_.set_gauge(kOwners, {}, static_cast<double>(owners_->present()));
}

}  // namespace rtt::owners
