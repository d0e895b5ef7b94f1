#include "owners/cgroup_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rtt::owners {
namespace {

constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_ONLYDIR;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

// What lies below is gone, or is about to go: the parent's event will say so.
bool is_gone(int error) { return error == ENOENT || error == ENODEV; }

}  // namespace

std::string_view to_string(TreeProblem problem) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(TreeProblem::kCount)> kNames = {
      "too_many", "watch_limit", "overflow", "unreadable"};
  return kNames[static_cast<std::size_t>(problem)];
}

CgroupTree::CgroupTree(base::EventLoop& loop, std::string root, Limits limits, Callbacks callbacks,
                       base::UniqueFd inotify)
    : root_(std::move(root)),
      limits_(limits),
      callbacks_(std::move(callbacks)),
      inotify_(std::move(inotify)),
      events_(loop.watch(inotify_.get(), base::Interest::kRead, [this] { read_events(); })),
      turn_(loop.timer([this] { visit_some(); })) {}

base::Result<std::unique_ptr<CgroupTree>> CgroupTree::create(base::EventLoop& loop,
                                                             std::string root, Limits limits,
                                                             Callbacks callbacks) {
  const base::UniqueFd directory(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return base::errno_error("cannot read " + root);
  base::UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return base::errno_error("inotify_init1");
  std::unique_ptr<CgroupTree> tree(
      new CgroupTree(loop, std::move(root), limits, std::move(callbacks), std::move(inotify)));
  tree->start();
  return tree;
}

void CgroupTree::walk() {
  if (!walking_) start();
}

void CgroupTree::start() {
  walking_ = true;
  again_ = false;
  complete_ = true;
  ++walk_;
  to_visit_.emplace_back();
  turn_.expires_after(base::nanoseconds(0));
}

void CgroupTree::visit_some() {
  for (std::size_t i = 0; i < limits_.directories_per_turn && !to_visit_.empty(); ++i) {
    const std::string path = std::move(to_visit_.front());
    to_visit_.pop_front();
    visit(path);
  }
  if (!to_visit_.empty()) {
    turn_.expires_after(base::nanoseconds(0));
  } else if (walking_) {
    end_walk();
  }
}

void CgroupTree::visit(const std::string& path) {
  const base::UniqueFd fd(
      open((root_ + path).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!fd || fstat(fd.get(), &status) != 0) {
    if (!is_gone(errno)) problem(TreeProblem::kUnreadable);
    return;
  }
  Cgroup* const cgroup = enter(path, status.st_ino);
  if (cgroup == nullptr) return problem(TreeProblem::kTooMany);
  // Before it is listed: what is made in between is then in the events, or in both.
  watch_directory(fd.get(), path, *cgroup);
  list(fd.get(), path);
}

// Null: there is no room.
CgroupTree::Cgroup* CgroupTree::enter(const std::string& path, std::uint64_t id) {
  auto known = cgroups_.find(path);
  if (known != cgroups_.end() && known->second.id != id) {
    leave(known);
    known = cgroups_.end();
  }
  const bool is_new = known == cgroups_.end();
  if (is_new) {
    if (cgroups_.size() >= limits_.cgroups) return nullptr;
    known = cgroups_.emplace(path, Cgroup{.id = id}).first;
  }
  known->second.walk = walk_;
  if (is_new) callbacks_.on_cgroup(id, path);
  return &known->second;
}

void CgroupTree::watch_directory(int fd, const std::string& path, Cgroup& cgroup) {
  if (cgroup.watch >= 0) return;
  // By descriptor: by its name it may be another directory by now.
  const std::string itself = "/proc/self/fd/" + std::to_string(fd);
  cgroup.watch = inotify_add_watch(inotify_.get(), itself.c_str(), kEvents);
  if (cgroup.watch >= 0) {
    watched_[cgroup.watch] = path;
  } else if (errno == ENOSPC || errno == ENOMEM) {
    problem(TreeProblem::kWatchLimit);
  } else if (!is_gone(errno)) {
    problem(TreeProblem::kUnreadable);
  }
}

void CgroupTree::list(int fd, const std::string& path) {
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  const std::unique_ptr<DIR, CloseDirectory> directory(own < 0 ? nullptr : fdopendir(own));
  if (!directory) {
    if (own >= 0) close(own);
    return problem(TreeProblem::kUnreadable);
  }
  while (true) {
    errno = 0;
    const dirent* const entry = readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    to_visit_.push_back(path + '/' + std::string(name));
  }
  if (errno != 0 && !is_gone(errno)) problem(TreeProblem::kUnreadable);
}

void CgroupTree::end_walk() {
  for (auto cgroup = cgroups_.begin(); cgroup != cgroups_.end();) {
    const auto next = std::next(cgroup);
    if (cgroup->second.walk != walk_) leave(cgroup);
    cgroup = next;
  }
  walking_ = false;
  callbacks_.on_walked();
  if (again_) start();
}

void CgroupTree::leave(std::unordered_map<std::string, Cgroup>::iterator cgroup) {
  const auto [id, walk, watch] = cgroup->second;
  cgroups_.erase(cgroup);
  // The kernel has mostly taken it away with the directory.
  if (watch >= 0 && watched_.erase(watch) > 0) inotify_rm_watch(inotify_.get(), watch);
  callbacks_.on_gone(id);
}

void CgroupTree::read_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  const ssize_t size = read(inotify_.get(), buffer.data(), buffer.size());
  for (ssize_t at = 0; at < size;) {
    inotify_event event{};
    std::memcpy(&event, &buffer[static_cast<std::size_t>(at)], sizeof event);
    const char* const name = &buffer[static_cast<std::size_t>(at)] + sizeof event;
    on_event(event.wd, event.mask, {name, strnlen(name, event.len)});
    at += static_cast<ssize_t>(sizeof event + event.len);
  }
  if (!to_visit_.empty()) turn_.expires_after(base::nanoseconds(0));
}

void CgroupTree::on_event(int watch, std::uint32_t mask, std::string_view name) {
  if (mask & IN_Q_OVERFLOW) {
    problem(TreeProblem::kOverflow);
    again_ = walking_;
    return walk();
  }
  const auto watched = watched_.find(watch);
  if (watched == watched_.end()) return;
  if (mask & IN_IGNORED) {
    // Its number may come again.
    if (const auto cgroup = cgroups_.find(watched->second); cgroup != cgroups_.end()) {
      if (cgroup->second.watch == watch) cgroup->second.watch = -1;
    }
    watched_.erase(watched);
    return;
  }
  if (!(mask & IN_ISDIR)) return;
  const std::string path = watched->second + '/' + std::string(name);
  if (mask & IN_CREATE) to_visit_.push_back(path);
  if (mask & IN_DELETE) {
    if (const auto cgroup = cgroups_.find(path); cgroup != cgroups_.end()) leave(cgroup);
  }
}

void CgroupTree::problem(TreeProblem what) {
  if (what != TreeProblem::kOverflow) complete_ = false;
  callbacks_.on_problem(what);
}

}  // namespace rtt::owners
