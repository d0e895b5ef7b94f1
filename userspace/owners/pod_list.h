// What a PodList of the Kubernetes API says about the names of pods.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

namespace rtt::owners {

struct PodName {
  std::string name;
  std::string name_space;
  bool operator==(const PodName&) const = default;
};

struct PodList {
  /// By the uid that cgroups have. Of a static pod, which the API server knows by a mirror with a uid of its
  /// own, that is the hash of its configuration: such a pod is there under both.
  std::unordered_map<std::string, PodName> by_uid;
  /// Items left out: without a uid, a name or a namespace, with one that no pod can have, or with the uid
  /// of another.
  std::size_t invalid = 0;
};

inline constexpr std::size_t kMaxPodListBytes = std::size_t{16} << 20U;

/// As the kubelet's /pods and the API server's /api/v1/pods answer. Error: this is no PodList. Whatever the
/// text, time and memory are bounded. Pure; thread-safe.
[[nodiscard]] base::Result<PodList> parse_pod_list(std::string_view json);

}  // namespace rtt::owners
