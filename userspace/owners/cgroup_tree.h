// All cgroups below one directory, as they come and go: followed with inotify(7), and walked again where that
// fails.
//
// Lives on its loop; callbacks run there, never from inside a call. A walk is done some directories at a
// time, so that nothing else on the loop waits for more than about a millisecond.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::owners {

/// Why some cgroups may be missing until a later walk.
enum class TreeProblem {
  kTooMany,     // more than Limits::cgroups
  kWatchLimit,  // the user's fs.inotify.max_user_watches is used up
  kOverflow,    // events were lost; the tree is walked again
  kUnreadable,  // a directory that is there cannot be read
  kCount
};
[[nodiscard]] std::string_view to_string(TreeProblem problem);

class CgroupTree {
 public:
  struct Limits {
    std::size_t cgroups = std::size_t{1} << 14;
    std::size_t directories_per_turn = 32;
  };
  struct Callbacks {
    /// `id`: as the kernel numbers cgroups (of cgroup2 the directory's inode number), never used again.
    /// `path`: below the root, "" for itself.
    std::function<void(std::uint64_t id, const std::string& path)> on_cgroup;
    std::function<void(std::uint64_t id)> on_gone;
    /// The first walk, or one again, is over.
    std::function<void()> on_walked;
    std::function<void(TreeProblem)> on_problem;
  };

  /// Begins to walk. `loop` must outlive it. Error: why `root` cannot be followed.
  [[nodiscard]] static base::Result<std::unique_ptr<CgroupTree>> create(base::EventLoop& loop,
                                                                        std::string root,
                                                                        Limits limits,
                                                                        Callbacks callbacks);
  CgroupTree(const CgroupTree&) = delete;
  CgroupTree& operator=(const CgroupTree&) = delete;

  /// Walks again, unless a walk is under way.
  void walk();
  /// Whether every cgroup is known, or will be without another walk().
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::size_t size() const { return cgroups_.size(); }

 private:
  struct Cgroup {
    std::uint64_t id = 0;
    std::uint32_t walk = 0;  // that saw it last
    int watch = -1;
  };

  CgroupTree(base::EventLoop& loop, std::string root, Limits limits, Callbacks callbacks,
             base::UniqueFd inotify);
  void start();
  void visit_some();
  void visit(const std::string& path);
  [[nodiscard]] Cgroup* enter(const std::string& path, std::uint64_t id);
  void watch_directory(int fd, const std::string& path, Cgroup& cgroup);
  void list(int fd, const std::string& path);
  void end_walk();
  void leave(std::unordered_map<std::string, Cgroup>::iterator cgroup);
  void read_events();
  void on_event(int watch, std::uint32_t mask, std::string_view name);
  void problem(TreeProblem what);

  const std::string root_;
  const Limits limits_;
  const Callbacks callbacks_;
  base::UniqueFd inotify_;
  base::FdWatch events_;  // after inotify_: goes before it
  base::Timer turn_;
  std::unordered_map<std::string, Cgroup> cgroups_;  // by path
  std::unordered_map<int, std::string> watched_;     // path by watch
  std::deque<std::string> to_visit_;
  std::uint32_t walk_ = 0;
  bool walking_ = false;
  bool again_ = false;  // when this walk is over
  bool complete_ = true;
};

}  // namespace rtt::owners
