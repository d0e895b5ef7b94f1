// Starts every probe at its interval, evenly spread, never more than a few at once.
//
// Tasks of one interval are spaced by the golden ratio of it, so that any number of them, added in
// any order and over any number of reloads, lies evenly. Runs on the monotonic clock. A task starts
// up to 8 ms, and never more than a tenth of the shortest interval, after its time, so that a few
// can start together: one wake-up for all of them. A task that was due while the process could not
// run starts once, not once per missed interval; the missed starts are counted. Lives on the probe
// loop.
#pragma once

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "metrics/exporter_metrics.h"

namespace rtt::probers {

class Scheduler {
  struct State;

 public:
  /// `after_batch` runs once after every batch of tasks that were due together.
  Scheduler(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
            std::function<void()> after_batch);
  ~Scheduler();

  /// Removes its task when destroyed; must not outlive the scheduler.
  class Task {
   public:
    Task() = default;
    Task(Task&& other) noexcept;
    Task& operator=(Task&& other) noexcept;
    ~Task();

   private:
    friend class Scheduler;
    Task(Scheduler* scheduler, std::shared_ptr<State> state);
    Scheduler* scheduler_ = nullptr;
    std::shared_ptr<State> state_;
  };

  /// The first start lies within one interval from now.
  [[nodiscard]] Task add(base::nanoseconds interval, std::function<void()> start);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::probers
