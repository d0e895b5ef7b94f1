// One event in n counts, with the weight n.
//
// What is drawn is random: bounds are six standard deviations wide, which a right program leaves once
// in hundreds of millions of runs.
#include <cmath>
#include <memory>
#include <thread>

#include "instance.h"
#include "measured_link.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::bpf_test {
namespace {

constexpr std::uint32_t kInterval = 8;

/// How far the weighted count of `events` may lie from their number.
double tolerance(double events) { return 6 * std::sqrt(events * (kInterval - 1)); }

class SamplingTest : public MeasuredLinkTest {
 protected:
  void SetUp() override {
    MeasuredLinkTest::SetUp();
    if (IsSkipped()) return;
    auto created = passive::HandOver::create();
    ASSERT_TRUE(created.ok()) << created.error().message;
    hand_over_ = *created;
    instance_.emplace(*hand_over_, 1, addresses_.b4);
    hand_over_->activate(1);
  }

  void exchange(int times) const {
    const auto fd = connect(addresses_.b4);
    for (int i = 0; i < times; ++i) ASSERT_TRUE(support::exchange(fd.get(), "ping"));
  }

  std::shared_ptr<passive::HandOver> hand_over_;
  std::optional<Instance> instance_;
};

TEST_F(SamplingTest, EveryEventCountsAtFirst) {
  exchange(200);
  EXPECT_EQ(instance_->row(RTT_TCP_PROBE).samples, 200u);
}

TEST_F(SamplingTest, TheWeightedCountIsThatOfAllEvents) {
  constexpr int kExchanges = 20'000;
  hand_over_->set_sampling_interval(kInterval);
  exchange(kExchanges);
  const auto samples = instance_->row(RTT_TCP_PROBE).samples;
  EXPECT_NEAR(static_cast<double>(samples), kExchanges, tolerance(kExchanges));
  EXPECT_EQ(samples % kInterval, 0u);
}

TEST_F(SamplingTest, HandshakesAreCountedAll) {
  hand_over_->set_sampling_interval(kInterval);
  connect_and_exchange(200);
  EXPECT_EQ(instance_->row(RTT_TCP_HANDSHAKE).samples, 200u);
}

TEST_F(SamplingTest, TheSumGrowsWithTheWeight) {
  hand_over_->set_sampling_interval(kInterval);
  exchange(20'000);
  const auto row = instance_->row(RTT_TCP_PROBE);
  EXPECT_EQ(row.sum_ns % kInterval, 0u);
  EXPECT_GT(row.sum_ns, row.samples * 100) << "a round trip takes more than 100 ns";
  EXPECT_LT(row.sum_ns, row.samples * 100'000'000) << "and less than 100 ms";
}

// Every n-th event would always be the same one's.
TEST_F(SamplingTest, ConnectionsThatTakeTurnsAreSampledAlike) {
  constexpr int kRounds = 10'000;
  const auto other = base::IpAddress::parse(addresses_.b6);
  ASSERT_TRUE(other);
  Instance of_other(*hand_over_, 1, addresses_.b6);
  hand_over_->set_sampling_interval(2);
  const auto first = connect(addresses_.b4);
  const auto second = connect(addresses_.b6);
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_TRUE(support::exchange(first.get(), "ping"));
    ASSERT_TRUE(support::exchange(second.get(), "ping"));
  }
  const double bound = 6 * std::sqrt(kRounds);
  EXPECT_NEAR(static_cast<double>(instance_->row(RTT_TCP_PROBE).samples), kRounds, bound);
  EXPECT_NEAR(static_cast<double>(of_other.row(RTT_TCP_PROBE).samples), kRounds, bound);
}

TEST_F(SamplingTest, AnIntervalThatChangesMeanwhileLosesNothing) {
  constexpr int kPart = 5'000;
  for (const std::uint32_t interval : {1u, 8u, 2u, 1u}) {
    hand_over_->set_sampling_interval(interval);
    exchange(kPart);
  }
  EXPECT_NEAR(static_cast<double>(instance_->row(RTT_TCP_PROBE).samples), 4 * kPart,
              tolerance(2 * kPart));
}

TEST_F(SamplingTest, WhatTheProgramsCostGrowsWithTheEvents) {
  const auto before = hand_over_->programs_cost();
  exchange(5'000);
  EXPECT_GT(hand_over_->programs_cost(), before);
}

/// Runs the loop of the source until the condition holds, beside an exchange after the other.
class SelfLimitTest : public MeasuredLinkTest {
 protected:
  template <typename Condition>
  bool run_until(Measurement& measurement, const Condition& condition) {
    const auto fd = connect(addresses_.b4);
    std::atomic<bool> done = false;
    std::jthread traffic([&] {
      while (!done && support::exchange(fd.get(), "ping")) ++exchanges_;
    });
    const auto give_up = base::Clock::now() + std::chrono::seconds(30);
    bool held = false;
    auto& loop = measurement.loop();
    base::Timer timer = loop.timer([&] {
      held = condition();
      if (held || base::Clock::now() > give_up) return loop.stop();
      timer.expires_after(std::chrono::milliseconds(20));
    });
    timer.expires_after(base::nanoseconds(0));
    loop.run();
    done = true;
    return held;
  }

  std::atomic<std::uint64_t> exchanges_ = 0;
};

TEST_F(SelfLimitTest, PastTheShareTheProgramsSampleAndSaySo) {
  Measurement measurement(both_hosts());
  measurement.source().set_max_cpu_share(1e-5);
  EXPECT_TRUE(run_until(measurement, [&] {
    return measurement.exporter_value("rtt_exporter_bpf_sampling_interval", {}) > 1 &&
           measurement.exporter_value("rtt_exporter_bpf_cpu_share", {}) > 1e-5;
  }));
}

TEST_F(SelfLimitTest, WithinTheShareEveryEventCounts) {
  Measurement measurement(both_hosts());
  EXPECT_TRUE(run_until(measurement, [&] {
    return measurement.exporter_value("rtt_exporter_bpf_cpu_share", {}) > 0;
  }));
  EXPECT_EQ(measurement.exporter_value("rtt_exporter_bpf_sampling_interval", {}), 1);
  EXPECT_EQ(measurement.count("server", "tcp_probe"), exchanges_);
}

TEST_F(SelfLimitTest, SamplingGoesOnOverAReload) {
  Measurement measurement(both_hosts());
  measurement.source().set_max_cpu_share(1e-5);
  const auto samples = [&] {
    return measurement.exporter_value("rtt_exporter_bpf_sampling_interval", {}) > 1;
  };
  ASSERT_TRUE(run_until(measurement, samples));
  measurement.reload(both_hosts());
  EXPECT_TRUE(samples());
}

}  // namespace
}  // namespace rtt::bpf_test
