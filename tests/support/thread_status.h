// What the kernel says of each thread of a process: proc(5), /proc/pid/task/tid/status.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

namespace rtt::support {

/// The values of a field ("CapEff") over all threads: one, if they agree.
[[nodiscard]] std::set<std::string> thread_status(pid_t pid, const std::string& field);

/// The mask of these CAP_ numbers, as the fields Cap* of the kernel have it.
[[nodiscard]] std::string capability_mask(const std::vector<int>& capabilities);

}  // namespace rtt::support
