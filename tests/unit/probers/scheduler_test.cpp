#include "probers/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "support/repeat.h"

namespace rtt::probers {
namespace {

using base::Clock;
using base::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SchedulerTest : public ::testing::Test {
 protected:
  // Runs the loop until stop() is called by a task, or the guard fails the test.
  void run() {
    base::Timer guard = loop_.timer([this] {
      ADD_FAILURE() << "nothing ended the test";
      loop_.stop();
    });
    guard.expires_after(seconds(30));
    loop_.run();
  }

  base::EventLoop loop_;
  metrics::ExporterMetrics metrics_;
  int batches_ = 0;
  Scheduler scheduler_{loop_, metrics_, [this] { ++batches_; }};
};

TEST_F(SchedulerTest, ATaskStartsWithinItsFirstInterval) {
  const TimePoint added = Clock::now();
  TimePoint started;
  const auto task = scheduler_.add(milliseconds(200), [&] {
    started = Clock::now();
    loop_.stop();
  });
  run();
  EXPECT_LE(started - added, milliseconds(200) + seconds(1));  // the slack is for a busy machine
}

TEST_F(SchedulerTest, StartsAreOneIntervalApart) {
  std::vector<TimePoint> starts;
  const auto task = scheduler_.add(milliseconds(20), [&] {
    starts.push_back(Clock::now());
    if (starts.size() == 11) loop_.stop();
  });
  run();
  // No start comes before its time: ten intervals take at least ten intervals.
  EXPECT_GE(starts.back() - starts.front(), milliseconds(180));
}

TEST_F(SchedulerTest, TasksOfOneIntervalAreSpreadOverIt) {
  constexpr int kTasks = 10;
  constexpr auto kInterval = milliseconds(500);
  // The widest gap between first starts, as a part of the interval.
  const auto widest_gap = [&] {
    std::vector<Scheduler::Task> tasks;
    std::map<int, double> phases;
    for (int i = 0; i < kTasks; ++i) {
      tasks.push_back(scheduler_.add(kInterval, [&, i] {
        const auto phase = Clock::now().time_since_epoch() % kInterval;
        phases.emplace(i, std::chrono::duration<double>(phase) / kInterval);
        if (phases.size() == kTasks) loop_.stop();
      }));
    }
    run();
    std::vector<double> sorted;
    for (const auto& [task, phase] : phases) sorted.push_back(phase);
    std::sort(sorted.begin(), sorted.end());
    double widest = 1 - sorted.back() + sorted.front();
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      widest = std::max(widest, sorted[i] - sorted[i - 1]);
    }
    return widest;
  };
  const auto are_spread = [](double widest) { return widest < 0.35; };
  // Ten even gaps are 0.1; one burst would leave 1.0.
  EXPECT_PRED1(are_spread, support::measure_until(widest_gap, are_spread));
}

TEST_F(SchedulerTest, TasksDueWithinAMomentStartTogether) {
  constexpr int kTasks = 200;
  std::vector<Scheduler::Task> tasks;
  int starts = 0;
  for (int i = 0; i < kTasks; ++i) {
    tasks.push_back(scheduler_.add(milliseconds(100), [&] {
      if (++starts == 5 * kTasks) loop_.stop();
    }));
  }
  run();
  EXPECT_LT(batches_, starts / 4);  // 16 together on average, more on a busy machine
}

TEST_F(SchedulerTest, ATaskThatIsAddedLaterDoesNotWaitForTheOthers) {
  const auto slow = scheduler_.add(std::chrono::hours(1), [] {});
  bool started = false;
  const auto quick = scheduler_.add(milliseconds(10), [&] {
    started = true;
    loop_.stop();
  });
  run();
  EXPECT_TRUE(started);
}

TEST_F(SchedulerTest, TasksGoOnAfterOthersOfTheirIntervalAreRemoved) {
  int starts = 0;
  const auto task = scheduler_.add(milliseconds(5), [&] {
    if (++starts == 3) loop_.stop();
  });
  {
    const auto same = scheduler_.add(milliseconds(5), [] {});
    const auto other = scheduler_.add(milliseconds(1), [] {});
  }
  run();
  EXPECT_EQ(starts, 3);
}

TEST_F(SchedulerTest, ARemovedTaskDoesNotStart) {
  bool started = false;
  {
    const auto removed = scheduler_.add(milliseconds(1), [&] { started = true; });
  }
  int others = 0;
  const auto task = scheduler_.add(milliseconds(5), [&] {
    if (++others == 3) loop_.stop();
  });
  run();
  EXPECT_FALSE(started);
}

TEST_F(SchedulerTest, ATaskMayRemoveItself) {
  int starts = 0;
  std::optional<Scheduler::Task> self;
  self = scheduler_.add(milliseconds(1), [&] {
    ++starts;
    self.reset();
  });
  int others = 0;
  const auto task = scheduler_.add(milliseconds(5), [&] {
    if (++others == 5) loop_.stop();
  });
  run();
  EXPECT_EQ(starts, 1);
}

TEST_F(SchedulerTest, AStartThatWasMissedIsCountedNotRepeated) {
  std::vector<TimePoint> starts;
  const auto task = scheduler_.add(milliseconds(10), [&] {
    starts.push_back(Clock::now());
    if (starts.size() == 1) {
      // Holds the loop for several intervals, as a stopped process would.
      while (Clock::now() - starts[0] < milliseconds(55)) {
      }
    }
    if (starts.size() == 3) loop_.stop();
  });
  run();
  std::string text;
  metrics_.append_text(text);
  const std::string name = "\nrtt_exporter_probe_starts_missed_total ";
  const std::size_t found = text.find(name);
  ASSERT_NE(found, std::string::npos) << text;
  EXPECT_GE(std::stod(text.substr(found + name.size())), 4);
}

TEST_F(SchedulerTest, TheBatchEndsAfterItsTasks) {
  int batches_at_start = -1;
  const auto task = scheduler_.add(milliseconds(5), [&] {
    if (batches_at_start < 0) {
      batches_at_start = batches_;
    } else {
      loop_.stop();
    }
  });
  run();
  EXPECT_EQ(batches_at_start, 0);
  EXPECT_GE(batches_, 1);
}

}  // namespace
}  // namespace rtt::probers
