// Cgroups of a test, in the real tree: a directory of its own, gone with its object.
//
// Needs root and a cgroup2 that is mounted. Errors are thrown (setup_error.h). Not thread-safe.
#pragma once

#include <string>
#include <vector>

namespace rtt::support {

class Cgroups {
 public:
  Cgroups();
  ~Cgroups();
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  /// With those above it; `path` like "system.slice/a.service".
  void make(const std::string& path);
  /// It alone; must be empty.
  void remove(const std::string& path);
  /// Runs the function with the whole process inside, so that the sockets it makes are the cgroup's.
  template <typename Function>
  void run_in(const std::string& path, Function&& function) const {
    enter(root_ + "/" + path);
    const Return back{*this};
    function();
  }

 private:
  struct Return {
    const Cgroups& cgroups;
    ~Return() { cgroups.enter(cgroups.home_); }
  };
  void enter(const std::string& directory) const;

  std::string home_;  // where the process was before
  std::string root_;
  std::vector<std::string> made_;
};

}  // namespace rtt::support
