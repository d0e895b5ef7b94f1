#include "app/watchdog.h"

#include <utility>

namespace rtt::app {

Watchdog::Watchdog(base::EventLoop& loop, Notifier& notifier, base::nanoseconds timeout,
                   AskOtherLoop ask_other_loop)
    : loop_(loop),
      notifier_(notifier),
      interval_(timeout / 2),
      ask_other_loop_(std::move(ask_other_loop)),
      timer_(loop.timer([this] { ask(); })) {
  ask();
}

void Watchdog::ask() {
  timer_.expires_after(interval_);
  if (std::exchange(is_asked_, true)) return;
  ask_other_loop_([&loop = loop_, weak = std::weak_ptr(self_)] {
    loop.post([weak] {
      if (const auto self = weak.lock()) (*self)->answered();
    });
  });
}

void Watchdog::answered() {
  is_asked_ = false;
  notifier_.alive();
}

}  // namespace rtt::app
