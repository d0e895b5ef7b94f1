// Which owner every cgroup has: the number that the kernel counts it under, and the labels behind it.
//
// Thread-safe: the control loop changes it, scrapes read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "metrics/series.h"
#include "owners/cgroup_path.h"

namespace rtt::owners {

/// Of an owner. A number means one set of labels for as long as the process lives.
using Number = std::uint32_t;
/// Whose labels are all empty.
inline constexpr Number kNobody = 0;

/// The labels that are wanted; empty values for what the owner has not.
[[nodiscard]] metrics::Labels labels_of(const Owner& owner, config::OwnerLabels wanted);

class CgroupOwners {
 public:
  explicit CgroupOwners(config::OwnerLabels wanted);

  /// A cgroup that is there. Owners with equal labels are one.
  Number add(std::uint64_t cgroup, const Owner& owner);
  /// It is gone, but sockets may live on and counts may not have been read yet: it is known until forget().
  void leave(std::uint64_t cgroup, base::TimePoint now);
  /// Forgets what left before `before`. Returns those cgroups.
  std::vector<std::uint64_t> forget(base::TimePoint before);

  /// Nothing for an unknown cgroup.
  [[nodiscard]] std::optional<Number> number(std::uint64_t cgroup) const;
  /// Nothing once all its cgroups are forgotten.
  [[nodiscard]] std::optional<metrics::Labels> labels(Number owner) const;
  [[nodiscard]] std::vector<std::pair<std::uint64_t, Number>> all() const;
  /// Rises when number() answers differently for a cgroup that was known.
  [[nodiscard]] std::uint64_t version() const;
  /// Cgroups that are known.
  [[nodiscard]] std::size_t size() const;
  /// Owners of cgroups that are there, kNobody not counted.
  [[nodiscard]] std::size_t present() const;

 private:
  struct Cgroup {
    Number owner = kNobody;
    std::optional<base::TimePoint> left = {};
  };
  struct Labelled {
    metrics::Labels labels;
    std::size_t cgroups = 0;  // known
    std::size_t present = 0;  // of those
  };
  [[nodiscard]] Number number_of(metrics::Labels labels);
  void erase(std::uint64_t id);

  const config::OwnerLabels wanted_;
  const metrics::Labels no_labels_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Cgroup> cgroups_;
  std::unordered_map<Number, Labelled> owners_;
  std::map<metrics::Labels, Number> numbers_;
  Number last_number_ = kNobody;
  std::uint64_t version_ = 1;
  std::size_t present_ = 0;
};

}  // namespace rtt::owners
