// Where this process sees the tree of control groups, version 2 (cgroups(7)).
#pragma once

#include <string>

#include "base/result.h"

namespace rtt::owners {

/// The mount point of cgroup2: of several the one that shows the whole tree, such as a host's in a container
/// that has a view of its own as well; else the first. Hosts with both versions have it beside the trees of
/// version 1. Error: this host has none, or /proc cannot be read.
[[nodiscard]] base::Result<std::string> find_cgroup2();

}  // namespace rtt::owners
