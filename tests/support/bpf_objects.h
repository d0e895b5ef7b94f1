// BPF programs, maps and links that a process holds, and which of them the kernel still has.
//
// Needs root and bpftool. Errors are thrown (setup_error.h).
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>

namespace rtt::support {

/// Ids by kind: "prog", "map", "link". Kinds of which there is none are not in it.
using BpfObjects = std::map<std::string, std::set<std::string>>;

/// What the descriptors of the process refer to.
[[nodiscard]] BpfObjects bpf_objects_of(pid_t pid);
/// Those of them that bpftool still lists.
[[nodiscard]] BpfObjects remaining(const BpfObjects& objects);

}  // namespace rtt::support
