#include "probers/scheduler.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace rtt::probers {
namespace {

using base::Clock;
using base::nanoseconds;
using base::TimePoint;

constexpr metrics::FamilyInfo kMissedStarts = {
    "rtt_exporter_probe_starts_missed_total",
    "Probes that were not started because the process could not run for a whole interval or more."};

// Waking up costs several times as much as one probe, so those due within a moment share a wake-up.
// The moment is short beside every interval, and no longer than it takes to gather 16 packets: on
// the wire small ones are then no longer than one of full size, and do not wait for each other.
constexpr nanoseconds kLongestMoment = std::chrono::milliseconds(8);
constexpr int kMomentsPerInterval = 10;
constexpr double kPacketsPerMoment = 16;

// The fractional parts of the multiples of the golden ratio fill [0, 1) evenly for any count
// (Weyl).
double golden_fraction(std::uint64_t number) {
  const double product = static_cast<double>(number) * (std::numbers::phi - 1);
  return product - std::floor(product);
}

}  // namespace

struct Scheduler::State {
  nanoseconds interval;
  std::function<void()> start;
  bool removed = false;
};

struct Scheduler::Impl {
  // Holds its task instead of a key to it: between two starts of a task all that is known of it has
  // left the caches, and each place to look at costs about a microsecond.
  struct Due {
    TimePoint when;
    std::shared_ptr<State> task;
    bool operator>(const Due& other) const { return when > other.when; }
  };

  Impl(base::EventLoop& loop, metrics::ExporterMetrics& exporter, std::function<void()> after)
      : metrics(exporter), after_batch(std::move(after)), timer(loop.timer([this] { run_due(); })) {
    metrics.add_counter(kMissedStarts, {}, 0);
  }

  void run_due() {
    armed.reset();
    const TimePoint now = Clock::now();
    bool any = false;
    while (!queue.empty() && queue.top().when <= now) {
      const auto [when, task] = queue.top();
      queue.pop();
      if (task->removed) continue;
      queue.push({next_start(when, task->interval, now), task});
      task->start();
      any = true;
    }
    if (any) after_batch();
    arm();
  }

  TimePoint next_start(TimePoint last, nanoseconds interval, TimePoint now) {
    const auto missed = (now - last) / interval;
    if (missed > 0) metrics.add_counter(kMissedStarts, {}, static_cast<double>(missed));
    return last + (missed + 1) * interval;
  }

  void arm() {
    if (queue.empty()) return;
    const TimePoint when = queue.top().when + moment;
    if (armed && *armed <= when) return;
    armed = when;
    timer.expires_at(when);
  }

  void remove(State& task) {
    task.removed = true;
    const auto count = running.find(task.interval);
    if (--count->second == 0) running.erase(count);
    update_moment();
  }

  void update_moment() {
    moment = kLongestMoment;
    if (running.empty()) return;
    double per_nanosecond = 0;
    for (const auto& [interval, count] : running) {
      per_nanosecond += static_cast<double>(count) / static_cast<double>(interval.count());
    }
    const auto gathered =
        nanoseconds(static_cast<std::int64_t>(kPacketsPerMoment / per_nanosecond));
    moment = std::min({moment, running.begin()->first / kMomentsPerInterval, gathered});
  }

  metrics::ExporterMetrics& metrics;
  std::function<void()> after_batch;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue;  // removed ones until due
  std::map<nanoseconds, std::uint64_t> added;  // tasks ever added, per interval
  std::map<nanoseconds, std::size_t> running;  // tasks per interval
  nanoseconds moment = kLongestMoment;
  base::Timer timer;
  std::optional<TimePoint> armed;
};

Scheduler::Scheduler(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                     std::function<void()> after_batch)
    : impl_(std::make_unique<Impl>(loop, metrics, std::move(after_batch))) {}

Scheduler::~Scheduler() = default;

Scheduler::Task Scheduler::add(nanoseconds interval, std::function<void()> start) {
  assert(interval > nanoseconds(0));
  const TimePoint now = Clock::now();
  const double fraction = golden_fraction(impl_->added[interval]++);
  const auto offset =
      nanoseconds(static_cast<std::int64_t>(fraction * static_cast<double>(interval.count())));
  // Phases count from the clock's epoch, so that tasks added at different times still lie evenly.
  TimePoint first = now - now.time_since_epoch() % interval + offset;
  if (first < now) first += interval;
  auto task = std::make_shared<State>(State{interval, std::move(start)});
  impl_->queue.push({first, task});
  ++impl_->running[interval];
  impl_->update_moment();
  impl_->arm();
  return {this, std::move(task)};
}

Scheduler::Task::Task(Scheduler* scheduler, std::shared_ptr<State> state)
    : scheduler_(scheduler), state_(std::move(state)) {}

Scheduler::Task::Task(Task&& other) noexcept
    : scheduler_(other.scheduler_), state_(std::move(other.state_)) {}

Scheduler::Task& Scheduler::Task::operator=(Task&& other) noexcept {
  std::swap(scheduler_, other.scheduler_);
  std::swap(state_, other.state_);
  return *this;
}

Scheduler::Task::~Task() {
  if (state_) scheduler_->impl_->remove(*state_);
}

}  // namespace rtt::probers
