// What a soak has found wrong, and how often it did what. Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"

namespace rtt::soak {

struct Done {
  std::uint64_t times = 0;
  base::nanoseconds slowest{};
};

class Findings {
 public:
  void add(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    ++count_;
    if (kept_.size() < kMostKept) kept_.push_back(what);
  }
  /// What must have been done at least once in the end.
  void expect(const std::string& activity) {
    const std::scoped_lock lock(mutex_);
    done_.try_emplace(activity);
  }
  void did(const std::string& activity, base::nanoseconds took = {}) {
    const std::scoped_lock lock(mutex_);
    Done& done = done_[activity];
    ++done.times;
    done.slowest = std::max(done.slowest, took);
  }

  [[nodiscard]] std::uint64_t count() const {
    const std::scoped_lock lock(mutex_);
    return count_;
  }
  /// The first ones.
  [[nodiscard]] std::vector<std::string> first() const {
    const std::scoped_lock lock(mutex_);
    return kept_;
  }
  [[nodiscard]] std::map<std::string, Done> done() const {
    const std::scoped_lock lock(mutex_);
    return done_;
  }

 private:
  static constexpr std::size_t kMostKept = 50;

  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::vector<std::string> kept_;
  std::map<std::string, Done> done_;
};

}  // namespace rtt::soak
