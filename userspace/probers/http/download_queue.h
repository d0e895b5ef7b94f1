// Lets one round of downloads run at a time, so that those of different peers do not share this host's link and
// measure each other.
//
// First come, first served. Lives on the probe loop.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

namespace rtt::probers::http {

class DownloadQueue {
 public:
  using Start = std::function<void()>;

  /// Calls `start` when it is the turn of `owner`, perhaps at once. Precondition: it is not in the queue.
  void enter(const void* owner, Start start) {
    waiting_.push_back({owner, std::move(start)});
    if (waiting_.size() == 1) start_first();
  }
  /// Its round is over, or it no longer wants one. Nothing when it is not in the queue.
  void leave(const void* owner) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [owner](const Entry& entry) { return entry.owner == owner; });
    if (found == waiting_.end()) return;
    const bool was_running = found == waiting_.begin();
    waiting_.erase(found);
    if (was_running && !waiting_.empty()) start_first();
  }

 private:
  struct Entry {
    const void* owner;
    Start start;
  };

  void start_first() {
    const Start start = waiting_.front().start;
    start();
  }

  std::deque<Entry> waiting_;  // the first runs
};

}  // namespace rtt::probers::http
