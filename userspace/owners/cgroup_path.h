// What the path of a cgroup says about who runs in it.
//
// Pure; thread-safe. The names are those that systemd (systemd.unit(5), cgroup names as in cg_unescape()),
// the kubelet (cgroup drivers systemd and cgroupfs), docker, containerd, cri-o and podman give. Anybody who
// may make cgroups may give any name: whatever the path, the result is an Owner.
#pragma once

#include <string>
#include <string_view>

namespace rtt::owners {

/// Empty where the path does not say.
struct Owner {
  std::string unit;  // systemd's, as systemctl(1) writes it: "nginx.service", "session-3.scope"
  std::string container;  // the whole id, 64 hexadecimal digits
  std::string
      pod;  // the uid that the API server (or, of a static pod, the kubelet) gave; or its name
  std::string pod_namespace = {};  // no path says it: of a pod that goes by its name

  auto operator<=>(const Owner&) const = default;
};

/// `path`: below the mount point of cgroup2, "/system.slice/nginx.service". The innermost container and pod
/// count; of nested units the outermost, as for systemctl(1), and inside a container that of its own
/// systemd. A container's own scope is no unit: the container names it.
[[nodiscard]] Owner owner_of_cgroup(std::string_view path);

}  // namespace rtt::owners
