// Which network namespaces there are on this host: those of its processes (the main thread's), and
// those that only a mount keeps (ip-netns(8), Docker).
//
// Namespaces of other processes are shown to who may ptrace(2) them (PTRACE_MODE_READ_FSCREDS).
// Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace rtt::passive {

/// What tells a network namespace from all others while it exists: st_dev and st_ino of its file.
struct NamespaceId {
  dev_t device = 0;
  ino_t inode = 0;
  auto operator<=>(const NamespaceId&) const = default;
};

/// Of an open namespace file.
[[nodiscard]] base::Result<NamespaceId> namespace_id(int fd);

struct NamespaceList {
  struct Entry {
    NamespaceId id;
    std::string path;  // absolute, or below the directory that was listed
  };
  std::vector<Entry> entries;     // each namespace once, the oldest processes' first
  std::size_t unreadable = 0;     // processes that may not be looked at
  bool has_all_processes = true;  // false: there are more than are looked at
};

struct NamespacePlaces {
  int proc;                             // a descriptor of /proc
  std::span<const char* const> mounts;  // directories; one that does not exist is empty
  std::size_t most_processes = 65'536;  // 2 us each
};

/// All but `own`.
[[nodiscard]] NamespaceList list_namespaces(const NamespacePlaces& places, NamespaceId own);

}  // namespace rtt::passive
