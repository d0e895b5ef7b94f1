#include "probers/burst.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>

#include "metrics/bucket_grid.h"
#include "support/wait_until.h"
#include "unit/probers/loop_thread.h"

namespace rtt::probers {
namespace {

using namespace std::chrono_literals;
using base::nanoseconds;
using metrics::FailureReason;

struct FakeOptions final : config::MethodOptions {
  explicit FakeOptions(bool does_more) : more(does_more) {}
  [[nodiscard]] bool equals(const MethodOptions&) const override { return true; }
  [[nodiscard]] std::shared_ptr<const MethodOptions> for_burst() const override {
    return more ? std::make_shared<FakeOptions>(false) : nullptr;
  }
  const bool more;  // than its probes
};

config::Probe probe_of(nanoseconds interval, nanoseconds timeout, bool more = false) {
  config::Probe probe;
  probe.options = std::make_shared<FakeOptions>(more);
  probe.interval = interval;
  probe.timeout = timeout;
  return probe;
}

nanoseconds end_of_last(const Burst::Timing& timing, int count) {
  return (count - 1) * timing.spacing + timing.timeout;
}

TEST(BurstTiming, SpacesShortlyWhereThereIsTime) {
  const auto timing = Burst::plan(probe_of(1s, 1s), 10, 5s);
  EXPECT_EQ(timing.spacing, Burst::kMaxSpacing);
  EXPECT_EQ(timing.timeout, 1s);
}

TEST(BurstTiming, KeepsAShorterIntervalOfTheProbe) {
  EXPECT_EQ(Burst::plan(probe_of(20ms, 1s), 10, 5s).spacing, 20ms);
}

TEST(BurstTiming, ComesCloserTogetherToKeepTheTimeout) {
  const auto timing = Burst::plan(probe_of(1s, 1s), 101, 2050ms);
  EXPECT_EQ(timing.spacing, 10ms);
  EXPECT_EQ(timing.timeout, 1s);
}

TEST(BurstTiming, CutsTheTimeoutToWhatIsLeft) {
  const auto timing = Burst::plan(probe_of(1s, 10s), 11, 1050ms);
  EXPECT_EQ(timing.spacing, 50ms);
  EXPECT_EQ(timing.timeout, 500ms);
}

TEST(BurstTiming, AlwaysFits) {
  for (const auto window :
       {nanoseconds(1us), nanoseconds(1ms), nanoseconds(75ms), nanoseconds(5s), nanoseconds(30s)}) {
    for (const auto timeout : {nanoseconds(1ms), nanoseconds(1s), nanoseconds(60s)}) {
      for (const int count : {1, 2, 10, 100}) {
        const auto timing = Burst::plan(probe_of(10ms, timeout), count, window);
        EXPECT_GE(timing.spacing, 0ns);
        EXPECT_GT(timing.timeout, 0ns);
        EXPECT_LE(end_of_last(timing, count), window)
            << window.count() << " " << timeout.count() << " " << count;
      }
    }
  }
}

TEST(BurstTiming, AWindowThatIsOverIsNoHarm) {
  const auto timing = Burst::plan(probe_of(10ms, 1s), 10, -1s);
  EXPECT_GE(timing.spacing, 0ns);
  EXPECT_GT(timing.timeout, 0ns);
}

// Does with each probe what the test says.
struct FakeEngine final : Engine {
  struct FakeProber final : Prober {
    FakeProber(FakeEngine& owner, std::shared_ptr<metrics::ProbeSeries> the_series)
        : engine(owner), series(std::move(the_series)) {}
    ~FakeProber() override {
      for (; waiting > 0; --waiting) series->failed(FailureReason::kCancelled);
    }
    void set_address(std::optional<base::IpAddress> to) override { address = to; }
    void probe() override {
      series->sent();
      ++engine.started;
      if (!address) return series->failed(FailureReason::kUnresolved);
      if (!engine.answers) {
        ++waiting;
      } else {
        series->replied(1ms);
      }
    }
    FakeEngine& engine;
    std::shared_ptr<metrics::ProbeSeries> series;
    std::optional<base::IpAddress> address;
    int waiting = 0;
  };

  std::unique_ptr<Prober> create_prober(const config::Probe& probe,
                                        std::shared_ptr<metrics::ProbeSeries> series) override {
    timeout = probe.timeout;
    more = dynamic_cast<const FakeOptions&>(*probe.options).more;
    return std::make_unique<FakeProber>(*this, std::move(series));
  }
  void flush() override { flushed = started; }

  bool answers = true;
  int started = 0;
  int flushed = 0;  // of those that were started
  nanoseconds timeout{};
  bool more = false;
};

class BurstTest : public testing::Test {
 protected:
  ~BurstTest() override {
    thread_.call([this] { burst_.reset(); });
    const auto ledger = series_->probe_snapshot().ledger;
    EXPECT_EQ(ledger.sent, ledger.replied + ledger.lost + ledger.failed_total());
  }

  void start(const config::Probe& probe, std::size_t count, nanoseconds window,
             std::optional<base::IpAddress> address = base::IpAddress::parse("127.0.0.1")) {
    thread_.call([&] {
      burst_ = std::make_unique<Burst>(thread_.loop(), engine_,
                                       Burst::Options{.probe = probe,
                                                      .series = series_,
                                                      .address = address,
                                                      .count = count,
                                                      .deadline = base::Clock::now() + window},
                                       [this] {
                                         burst_.reset();
                                         ++ends_;
                                       });
    });
  }
  [[nodiscard]] bool ends() {
    return support::wait_until([this] { return ends_ > 0; });
  }
  [[nodiscard]] metrics::ProbeLedger ledger() const { return series_->probe_snapshot().ledger; }
  [[nodiscard]] std::uint64_t failed(FailureReason reason) const {
    return ledger().failed[static_cast<std::size_t>(reason)];
  }

  const std::shared_ptr<metrics::ProbeSeries> series_ = std::make_shared<metrics::ProbeSeries>(
      metrics::PeerLabels{"target", "peer", {}}, "fake",
      std::make_shared<metrics::BucketGrid>(*metrics::BucketGrid::create({0.001, 1.0}, 3)),
      std::vector{FailureReason::kUnresolved, FailureReason::kCancelled});
  FakeEngine engine_;
  std::atomic<int> ends_ = 0;
  std::unique_ptr<Burst> burst_;
  support::LoopThread thread_;
};

TEST_F(BurstTest, LeavesOutWhatGoesOnBesideTheProbes) {
  start(probe_of(10ms, 1s, true), 1, 5s);
  ASSERT_TRUE(ends());
  EXPECT_FALSE(engine_.more);
}

TEST_F(BurstTest, SendsAllProbesAndEnds) {
  start(probe_of(10ms, 1s), 5, 30s);
  ASSERT_TRUE(ends());
  EXPECT_EQ(ledger().replied, 5U);
  EXPECT_EQ(engine_.flushed, 5);
  EXPECT_EQ(ends_, 1);
}

TEST_F(BurstTest, DoesNotSendThemAllAtOnce) {
  const base::TimePoint before = base::Clock::now();
  start(probe_of(10ms, 1s), 5, 30s);
  ASSERT_TRUE(ends());
  EXPECT_GE(base::Clock::now() - before, 40ms);
}

TEST_F(BurstTest, WithoutAnAddressEveryProbeFails) {
  start(probe_of(1h, 1s), 100, 1h, std::nullopt);
  ASSERT_TRUE(ends());
  EXPECT_EQ(failed(FailureReason::kUnresolved), 100U);
}

TEST_F(BurstTest, HandsThePlannedTimeoutToTheProber) {
  start(probe_of(10ms, 1min), 1, 10s);
  ASSERT_TRUE(ends());
  EXPECT_LE(engine_.timeout, 10s);
}

TEST_F(BurstTest, AtTheDeadlineWhatIsInFlightIsCancelled) {
  engine_.answers = false;
  start(probe_of(10ms, 1s), 3, 50ms);
  ASSERT_TRUE(ends());
  EXPECT_EQ(failed(FailureReason::kCancelled), ledger().sent);
}

TEST_F(BurstTest, NothingIsSentPastTheDeadline) {
  start(probe_of(10ms, 1s), 3, -1s);
  ASSERT_TRUE(ends());
  EXPECT_EQ(ledger().sent, 0U);
}

TEST_F(BurstTest, DestroyedItCancelsWhatIsInFlight) {
  engine_.answers = false;
  start(probe_of(10ms, 1s), 3, 1h);
  EXPECT_TRUE(support::wait_until([this] { return ledger().sent > 0; }));
  thread_.call([this] { burst_.reset(); });
  EXPECT_EQ(failed(FailureReason::kCancelled), ledger().sent);
  EXPECT_EQ(ends_, 0);
}

}  // namespace
}  // namespace rtt::probers
