// An event loop on its own thread, as probers and the echo server have it in the program.
#pragma once

#include <future>
#include <thread>
#include <utility>

#include "base/event_loop.h"

namespace rtt::support {

/// What lives on the loop is made, used and destroyed inside call().
class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.run(); }) {}
  ~LoopThread() {
    loop_.stop();
    thread_.join();
  }

  [[nodiscard]] base::EventLoop& loop() { return loop_; }

  /// Runs the function on the loop's thread and waits for its result.
  template <typename Function>
  auto call(Function&& function) {
    std::packaged_task<decltype(function())()> task(std::forward<Function>(function));
    auto result = task.get_future();
    loop_.post([&task] { task(); });
    return result.get();
  }

 private:
  base::EventLoop loop_;
  std::thread thread_;
};

}  // namespace rtt::support
