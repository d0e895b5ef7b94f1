// One thread's event loop: descriptors, timers, signals and posted functions, over standalone Asio.
//
// Everything belongs to the thread that calls run(), except post() and stop(), which any thread may
// call. Callbacks run one at a time on that thread and must neither block nor throw. A callback may
// destroy its own watch or timer; after the destructor of a watch or timer its callback is never
// called again, and what it captured is freed (when it runs right then: once it returns). Watches
// and timers must not outlive their loop.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "base/clock.h"

namespace rtt::base {

/// Calls back whenever the descriptor is ready (level-triggered), until destroyed. At most one
/// watch per descriptor at a time: to wait for something else, destroy this one first. Does not own
/// the descriptor, makes it non-blocking, and must be destroyed before it is closed. When the
/// kernel cannot watch one more (epoll_ctl(2) ENOSPC, ENOMEM) that is logged and tried again every
/// second.
class FdWatch {
 public:
  FdWatch();
  ~FdWatch();
  FdWatch(FdWatch&&) noexcept;
  FdWatch& operator=(FdWatch&&) noexcept;

 private:
  friend class EventLoop;
  struct State;
  explicit FdWatch(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

/// A one-shot timer that can be set again, also from its own callback.
class Timer {
 public:
  Timer();
  ~Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;

  /// Replaces an earlier setting that has not fired. A time in the past fires as soon as possible.
  /// Precondition: not default-constructed, not moved from.
  void expires_at(TimePoint when);
  void expires_after(nanoseconds delay) { expires_at(Clock::now() + delay); }
  void cancel();

 private:
  friend class EventLoop;
  struct State;
  explicit Timer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

/// Which readiness an FdWatch waits for. Both also report an error or a hang-up and, for sockets, a
/// non-empty error queue (epoll(7) EPOLLERR, EPOLLHUP).
enum class Interest { kRead, kWrite };

class EventLoop {
 public:
  /// Logs and ends the process (exit code 1) when there is no descriptor left for the loop itself.
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Returns after stop(), also when stop() came first.
  void run();
  /// Thread-safe.
  void stop();
  /// Thread-safe. The functions of one thread run in the order it posted them; those still waiting
  /// when the loop is destroyed are dropped.
  void post(std::function<void()> function);

  [[nodiscard]] FdWatch watch(int fd, Interest interest, std::function<void()> on_ready);
  [[nodiscard]] Timer timer(std::function<void()> on_expiry);
  /// For the life of the loop; one call per process. The signals' default action no longer happens.
  void on_signals(std::initializer_list<int> signals, std::function<void(int)> on_signal);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::base
