// Tells when a file may have changed, or whether there is one, by inotify(7).
//
// Watches every directory that looking for the file looks into, links followed: so also a directory
// that does not exist yet, or a link that is set to another one. Not what is mounted over a
// directory, nor what another host does on a network file system. Lives on its loop.
#pragma once

#include <sys/inotify.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace rtt::targets {

class FileWatch {
 public:
  enum class Change {
    kDone,
    kBegun,  // a file is there that may still be being written
    kLost,   // there were too many events: anything may have changed
  };
  using OnChange = std::function<void(Change)>;

  /// `loop` must outlive it. The callback must not destroy it.
  FileWatch(base::EventLoop& loop, OnChange on_change)
      : loop_(loop), on_change_(std::move(on_change)) {}

  /// Until end() everything is named again that is to be watched; what changed in between is told.
  /// What is looked at after follow() is never older than what is told of it. Directories that the
  /// kernel does not watch are logged once.
  void begin();
  /// An absolute path; its last part may have wildcards.
  void follow(const std::string& path);
  /// The same for one that a followed path with wildcards stands for.
  void follow_link(const std::string& path);
  void end();

 private:
  struct Directory {
    std::set<std::string> names;
    std::vector<std::string> patterns;
    std::uint64_t round = 0;
  };

  void open();
  void walk(const std::string& path);
  [[nodiscard]] Directory* watch(const std::string& directory, std::uint32_t events);
  void note(const std::string& directory, int error_number);
  void receive();
  void take(const inotify_event& event, const std::string& name);

  base::EventLoop& loop_;
  const OnChange on_change_;
  base::UniqueFd inotify_;
  base::FdWatch watch_;                             // after inotify_: goes before it
  std::unordered_map<int, Directory> directories_;  // by watch descriptor
  std::uint64_t round_ = 0;
  std::set<std::string> problems_;  // of this round
  std::set<std::string> logged_;    // of the round before
};

}  // namespace rtt::targets
