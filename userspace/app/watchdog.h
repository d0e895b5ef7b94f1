// Tells the service manager that the program is alive, as long as two event loops turn: a loop that
// hangs loses the watchdog.
#pragma once

#include <functional>

#include "app/notifier.h"
#include "base/event_loop.h"

namespace rtt::app {

class Watchdog {
 public:
  /// Calls its argument on the other loop, some time soon if that one turns. Does not wait for it.
  using AskOtherLoop = std::function<void(std::function<void()> answer)>;

  /// Tells it at half of the timeout, the first time at once. For the thread of `loop`, which must
  /// outlive it, as `notifier` must; nothing of either loop may run after it is gone.
  Watchdog(base::EventLoop& loop, Notifier& notifier, base::nanoseconds timeout,
           AskOtherLoop ask_other_loop);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void ask();

  base::EventLoop& loop_;
  Notifier& notifier_;
  const base::nanoseconds interval_;
  const AskOtherLoop ask_other_loop_;
  bool is_asked_ = false;  // and has not answered
  base::Timer timer_;
};

}  // namespace rtt::app
