// What a process takes of the machine, as the kernel says it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>

namespace rtt::support {

struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  std::uint64_t anonymous_bytes = 0;  // heap and stacks; no file's pages
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  // Ids of the kernel, of those that its descriptors hold.
  std::set<std::uint32_t> bpf_maps;
  std::set<std::uint32_t> bpf_programs;
  std::set<std::uint32_t> bpf_links;
};

/// Throws (setup_error.h) when the process has ended. What comes and goes meanwhile may be in it or not.
[[nodiscard]] ProcessUsage usage_of(pid_t pid);

}  // namespace rtt::support
