#include "probers/http/goodput_meter.h"

#include <gtest/gtest.h>

namespace rtt::probers::http {
namespace {

using metrics::GoodputWindow;
using namespace std::chrono_literals;

class GoodputMeterTest : public ::testing::Test {
 protected:
  void read(base::nanoseconds when, std::size_t bytes) { meter_.read(start_ + when, bytes); }
  [[nodiscard]] std::optional<double> result(GoodputWindow window, base::nanoseconds end) const {
    return meter_.result(start_ + end).at(static_cast<std::size_t>(window));
  }

  const base::TimePoint start_ = base::Clock::now();
  GoodputMeter meter_{{.time = 1s, .bytes = 5000}};
};

// They came before the time that is measured.
TEST_F(GoodputMeterTest, TheBytesOfTheFirstReadDoNotCount) {
  read(0s, 1000);
  read(500ms, 1000);
  EXPECT_EQ(result(GoodputWindow::kWhole, 500ms), 2000);
}

TEST_F(GoodputMeterTest, SteadyBeginsWithTheFirstReadAfterItsTime) {
  read(0s, 100);
  read(900ms, 100);
  read(1500ms, 100);
  read(2500ms, 1000);
  EXPECT_EQ(result(GoodputWindow::kSteady, 2500ms), 1000);
  EXPECT_EQ(result(GoodputWindow::kWhole, 2500ms), 480);
}

TEST_F(GoodputMeterTest, SteadyBeginsWithTheReadThatHasItsBytes) {
  read(0s, 4000);
  read(100ms, 2000);
  read(200ms, 1000);
  EXPECT_EQ(result(GoodputWindow::kSteady, 200ms), 10'000);
}

TEST_F(GoodputMeterTest, ADownloadThatIsOverBeforeHasNoSteadyValue) {
  read(0s, 100);
  read(500ms, 100);
  EXPECT_EQ(result(GoodputWindow::kSteady, 500ms), std::nullopt);
}

TEST_F(GoodputMeterTest, OneReadIsNoRate) {
  read(0s, 4000);
  EXPECT_EQ(result(GoodputWindow::kWhole, 0s), std::nullopt);
  EXPECT_EQ(result(GoodputWindow::kWhole, 1s), std::nullopt);
}

TEST_F(GoodputMeterTest, AWindowThatIsTooShortHasNoValue) {
  read(0s, 1000);
  read(9ms, 1000);
  EXPECT_EQ(result(GoodputWindow::kWhole, 9ms), std::nullopt);
}

TEST_F(GoodputMeterTest, AStallUntilTheTimeLimitCounts) {
  read(0s, 1000);
  read(500ms, 1000);
  EXPECT_EQ(result(GoodputWindow::kWhole, 10s), 100);
}

TEST_F(GoodputMeterTest, NothingReadIsNoRate) {
  EXPECT_EQ(result(GoodputWindow::kWhole, 10s), std::nullopt);
}

}  // namespace
}  // namespace rtt::probers::http
