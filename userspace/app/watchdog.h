// Tells the service manager that the program is alive, as long as two event loops turn: a loop that
// hangs loses the watchdog.
#pragma once

#include <functional>
#include <memory>

#include "app/notifier.h"
#include "base/event_loop.h"

namespace rtt::app {

class Watchdog {
 public:
  /// Calls its argument on the other loop, some time soon if that one turns. Does not wait for it.
  using AskOtherLoop = std::function<void(std::function<void()> answer)>;

  /// Tells it at half of the timeout, the first time at once. Lives on `loop`, which must outlive
  /// the other one; `notifier` must outlive the watchdog.
  Watchdog(base::EventLoop& loop, Notifier& notifier, base::nanoseconds timeout,
           AskOtherLoop ask_other_loop);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void ask();
  void answered();

  base::EventLoop& loop_;
  Notifier& notifier_;
  const base::nanoseconds interval_;
  const AskOtherLoop ask_other_loop_;
  bool is_asked_ = false;  // and has not answered
  base::Timer timer_;
  const std::shared_ptr<Watchdog*> self_ = std::make_shared<Watchdog*>(this);
};

}  // namespace rtt::app
