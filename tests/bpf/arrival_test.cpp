// A sample ends at the segment's receive timestamp, unless that cannot be one.
#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "base/event_loop.h"
#include "bpf/rtt_shared.h"
#include "measured_link.h"
#include "passive/tcp_probe_clock.h"
#include "passive/tcp_probe_handover.h"
#include "passive/tcp_probe_object.h"
#include "passive/tcp_probe_prefixes.h"

namespace rtt::bpf_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class ArrivalTest : public MeasuredLinkTest {
 protected:
  static constexpr int kExchanges = 20;

  void SetUp() override {
    MeasuredLinkTest::SetUp();
    if (IsSkipped()) return;
    layout_.peers = 2;
    layout_.cells = static_cast<std::uint32_t>(Measurement::grid()->cell_count());
    auto hand_over = passive::HandOver::create();
    ASSERT_TRUE(hand_over.ok());
    hand_over_ = *hand_over;
    const std::uint32_t generation = hand_over_->next_generation();
    auto object =
        passive::TcpProbeObject::load(*Measurement::grid(), layout_, *hand_over_, generation);
    ASSERT_TRUE(object.ok()) << object.error().message;
    object_ = std::move(*object);
    ASSERT_TRUE(passive::PrefixTable(object_->prefixes_fd())
                    .set({{base::IpPrefix(base::IpAddress::parse(addresses_.b4).value()), 1}})
                    .ok());
    ASSERT_TRUE(object_->attach().ok());
    hand_over_->activate(generation);
    auto clock = passive::ArrivalClock::create(
        loop_, [this](base::nanoseconds difference) { difference_ = difference; });
    ASSERT_TRUE(clock.ok());
    clock_ = std::move(*clock);
  }

  [[nodiscard]] std::vector<std::uint64_t> cells() const {
    const std::uint32_t row_number = RTT_METHODS + RTT_TCP_PROBE;
    std::vector<std::uint64_t> row(layout_.words_per_row());
    EXPECT_EQ(bpf_map_lookup_elem(object_->rows_fd(), &row_number, row.data()), 0);
    row.erase(row.begin(), row.begin() + passive::TcpProbeLayout::kWordsBeforeCells);
    return row;
  }

  [[nodiscard]] std::uint64_t samples_up_to(base::nanoseconds highest) const {
    const auto all = cells();
    const auto end = static_cast<std::ptrdiff_t>(Measurement::grid()->cell_of(highest)) + 1;
    return std::accumulate(all.begin(), all.begin() + end, std::uint64_t{0});
  }

  [[nodiscard]] std::uint64_t dropped_by_clock() const {
    // Of the first program, RTT_TCP_PROBE.
    const std::uint32_t index = RTT_DROP_CLOCK;
    std::uint64_t count = 0;
    EXPECT_EQ(bpf_map_lookup_elem(object_->dropped_fd(), &index, &count), 0);
    return count;
  }

  base::EventLoop loop_;
  base::nanoseconds difference_{};
  passive::TcpProbeLayout layout_;
  std::shared_ptr<passive::HandOver> hand_over_;
  std::unique_ptr<passive::TcpProbeObject> object_;
  std::unique_ptr<passive::ArrivalClock> clock_;
};

// 50 ms before its time a stamp of this link lies before the sending, unless the exchange waited for a
// CPU as long.
TEST_F(ArrivalTest, TheStampEndsTheSample) {
  hand_over_->set_clock_difference(difference_ + milliseconds(50));
  connect_and_exchange(kExchanges);
  EXPECT_LT(samples_up_to(hours(1)), kExchanges / 4u);
  EXPECT_GT(dropped_by_clock(), kExchanges * 3u / 4);
}

TEST_F(ArrivalTest, TheRightDifferenceOfTheClocksGivesEverySample) {
  hand_over_->set_clock_difference(difference_);
  connect_and_exchange(kExchanges);
  EXPECT_EQ(samples_up_to(milliseconds(100)), static_cast<std::uint64_t>(kExchanges));
}

TEST_F(ArrivalTest, AClockThatWasSetMeanwhileMakesNoWrongSample) {
  for (const auto step : {hours(1), hours(-1)}) {
    hand_over_->set_clock_difference(difference_ + step);
    connect_and_exchange(kExchanges);
  }
  EXPECT_EQ(samples_up_to(milliseconds(100)), static_cast<std::uint64_t>(2 * kExchanges));
  EXPECT_EQ(dropped_by_clock(), 0u);
}

TEST_F(ArrivalTest, TheDifferenceIsThatOfTheClocks) {
  const auto now = std::chrono::system_clock::now().time_since_epoch() -
                   std::chrono::steady_clock::now().time_since_epoch();
  EXPECT_NEAR(base::to_seconds(difference_), base::to_seconds(now), 0.05);
}

}  // namespace
}  // namespace rtt::bpf_test
