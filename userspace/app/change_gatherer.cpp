#include "app/change_gatherer.h"

#include <algorithm>
#include <utility>

namespace rtt::app {

ChangeGatherer::ChangeGatherer(base::EventLoop& loop, Times times, std::function<void()> action)
    : times_(times), action_(std::move(action)), timer_(loop.timer([this] {
        done();
        action_();
        last_ = base::Clock::now();
      })) {}

void ChangeGatherer::note(base::nanoseconds delay) {
  base::TimePoint when = base::Clock::now() + delay;
  if (last_) when = std::max(when, *last_ + times_.spacing);
  if (due_ && *due_ <= when) return;
  due_ = when;
  timer_.expires_at(when);
}

void ChangeGatherer::done() {
  last_ = base::Clock::now();
  due_.reset();
  timer_.cancel();
}

}  // namespace rtt::app
