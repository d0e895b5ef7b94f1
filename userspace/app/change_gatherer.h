// Many changes, few actions: what is noted within a moment is acted on once, and not too often.
//
// Lives on the loop it is created with.
#pragma once

#include <functional>
#include <optional>

#include "base/event_loop.h"

namespace rtt::app {

class ChangeGatherer {
 public:
  struct Times {
    base::nanoseconds settle = std::chrono::milliseconds(200);  // from the first note to the action
    base::nanoseconds spacing = std::chrono::seconds(1);        // from one action to the next
  };

  /// `loop` must outlive it.
  ChangeGatherer(base::EventLoop& loop, Times times, std::function<void()> action);

  void note() { note(times_.settle); }
  /// Acts after `delay` at the earliest; what is due earlier stays so.
  void note(base::nanoseconds delay);
  /// All that was noted so far has been acted on by someone else, just now.
  void done();

 private:
  const Times times_;
  const std::function<void()> action_;
  std::optional<base::TimePoint> due_;
  std::optional<base::TimePoint> last_;
  base::Timer timer_;
};

}  // namespace rtt::app
