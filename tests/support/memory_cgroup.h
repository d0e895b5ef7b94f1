// A memory cgroup of a test's own, below the one that the test is in; cgroup v1 or v2.
//
// Not thread-safe. Errors are thrown (setup_error.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace rtt::support {

class MemoryCgroup {
 public:
  /// Nothing where this host gives no memory controller to a child of the test's cgroup.
  [[nodiscard]] static std::optional<MemoryCgroup> create();
  /// Its processes must be gone.
  ~MemoryCgroup();
  MemoryCgroup(MemoryCgroup&& other) noexcept;
  MemoryCgroup& operator=(MemoryCgroup&&) = delete;

  /// What the process takes from now on is charged to it, what it has is not.
  void add(pid_t pid) const;
  void set_limit(std::uint64_t bytes) const;

 private:
  explicit MemoryCgroup(std::string path, std::string limit_file)
      : path_(std::move(path)), limit_file_(std::move(limit_file)) {}

  std::string path_;  // empty: moved from
  std::string limit_file_;
};

}  // namespace rtt::support
