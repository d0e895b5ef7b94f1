// Gives the cgroups of pods their names, in such an order that a series is seldom born twice: a pod that is not
// known yet waits for the next answer, for a bounded time, and goes by its uid only after that.
//
// Knows neither clocks nor networks. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "owners/cgroup_path.h"
#include "owners/pod_list.h"

namespace rtt::owners {

class PodNaming {
 public:
  /// Who owns the cgroup from here on; a second time if it went by its uid before. Called from inside come(),
  /// answer() and give_up().
  using OnOwner = std::function<void(std::uint64_t cgroup, const Owner& owner)>;
  explicit PodNaming(OnOwner on_owner) : on_owner_(std::move(on_owner)) {}

  /// A cgroup with `owner.pod`, a uid. False: its name is not known and is to be asked for.
  [[nodiscard]] bool come(std::uint64_t cgroup, Owner owner, base::TimePoint now);
  void go(std::uint64_t cgroup) { unnamed_.erase(cgroup); }
  /// `asked`: a pod that was seen before that and is not in the list goes by its uid. Returns how many cgroups
  /// got their names.
  std::size_t answer(PodList list, base::TimePoint asked);
  /// What waits since before `seen_before` goes by its uid.
  void give_up(base::TimePoint seen_before);

  /// Cgroups of pods without a name.
  [[nodiscard]] std::size_t unnamed() const { return unnamed_.size(); }
  /// Whether any of them has no owner yet.
  [[nodiscard]] bool waiting() const;

 private:
  struct Unnamed {
    Owner owner;
    base::TimePoint seen;
    bool waiting = true;  // otherwise it goes by its uid
  };
  [[nodiscard]] bool name(Owner& owner) const;

  const OnOwner on_owner_;
  PodList list_;
  std::unordered_map<std::uint64_t, Unnamed> unnamed_;
};

}  // namespace rtt::owners
