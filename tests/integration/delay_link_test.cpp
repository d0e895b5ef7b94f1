// The test bed itself: if this fails, no other result over a DelayLink means anything.
#include "support/delay_link.h"

#include <gmock/gmock.h>

#include <chrono>

#include "support/priority.h"
#include "support/process.h"
#include "support/repeat.h"
#include "support/socket.h"
#include "support/statistics.h"
#include "support/tcp_service.h"

namespace rtt::support {
namespace {

using namespace std::chrono_literals;
using base::nanoseconds;

constexpr std::uint16_t kEchoPort = 7;
constexpr nanoseconds kPrecision = 1ms;
// Two hosts' applications and two crossings of the link wait for a CPU each.
constexpr nanoseconds kWakeUps = 2ms;

void expect_near(nanoseconds value, nanoseconds expected, nanoseconds tolerance) {
  EXPECT_NEAR(base::to_seconds(value) * 1e3, base::to_seconds(expected) * 1e3,
              base::to_seconds(tolerance) * 1e3);
}

void expect_seen(nanoseconds seen, nanoseconds delay) {
  EXPECT_GE(base::to_seconds(seen), base::to_seconds(delay));
  EXPECT_LT(base::to_seconds(seen), base::to_seconds(delay + kWakeUps));
}

bool is_near(nanoseconds value, nanoseconds expected, nanoseconds tolerance) {
  return std::chrono::abs(value - expected) <= tolerance;
}

class DelayLinkTest : public ::testing::Test {
 protected:
  /// Round trips of one-segment exchanges as the application sees them.
  nanoseconds median_exchange(const std::string& host, int count = 21) {
    return a_.run([&] {
      raise_priority(Priority::kEndpoint);
      std::vector<nanoseconds> times;
      const auto fd = connect_tcp(host, kEchoPort);
      EXPECT_TRUE(fd.ok()) << fd.error().message;
      for (int i = 0; fd.ok() && i < count; ++i) {
        const auto start = base::Clock::now();
        EXPECT_TRUE(exchange(fd->get(), "x"));
        times.push_back(base::Clock::now() - start);
      }
      return times.empty() ? 0ns : median(std::move(times));
    });
  }

  nanoseconds true_delay(Direction direction) {
    const auto delay =
        link_.median_delay(direction, [](const IpPacket& packet) { return packet.is_tcp(); });
    EXPECT_TRUE(delay);
    return delay.value_or(0ns);
  }

  struct Window {
    nanoseconds seen;  // by the application, there and back
    nanoseconds there;
    nanoseconds back;
  };

  Window window(const std::string& host, nanoseconds there, nanoseconds back) {
    return measure_until(
        [&] {
          link_.clear_passages();
          const nanoseconds seen = median_exchange(host);
          return Window{.seen = seen,
                        .there = true_delay(Direction::kAToB),
                        .back = true_delay(Direction::kBToA)};
        },
        [&](const Window& now) {
          return is_near(now.there, there, kPrecision) && is_near(now.back, back, kPrecision) &&
                 now.seen < there + back + kWakeUps;
        });
  }

  Namespace a_;
  Namespace b_;
  DelayLink link_{a_, b_};
  TcpService echo_{b_, kEchoPort, echo};
};

TEST_F(DelayLinkTest, DelayIsTheConfiguredOneInEachDirection) {
  link_.set(Direction::kAToB, {.delay = 5ms});
  link_.set(Direction::kBToA, {.delay = 15ms});
  const Window now = window(link_.addresses().b4, 5ms, 15ms);
  expect_near(now.there, 5ms, kPrecision);
  expect_near(now.back, 15ms, kPrecision);
}

TEST_F(DelayLinkTest, ApplicationSeesTheTrueDelay) {
  link_.set_both({.delay = 10ms});
  for (const std::string& host : {link_.addresses().b4, link_.addresses().b6}) {
    const Window now = window(host, 10ms, 10ms);
    expect_seen(now.seen, 20ms);
  }
}

TEST_F(DelayLinkTest, DelayChangesWhileItRuns) {
  link_.set_both({.delay = 2ms});
  expect_seen(window(link_.addresses().b4, 2ms, 2ms).seen, 4ms);
  link_.set_both({.delay = 7ms});
  expect_seen(window(link_.addresses().b4, 7ms, 7ms).seen, 14ms);
}

TEST_F(DelayLinkTest, DroppedPacketsAreRecordedAsDropped) {
  Impairment impairment;
  impairment.drop = every_nth(2, [](const IpPacket& packet) { return packet.is_echo_request(); });
  link_.set(Direction::kAToB, impairment);
  Process ping({"ping", "-c", "10", "-i", "0.01", "-W", "1", link_.addresses().b4}, {.where = &a_});
  ASSERT_TRUE(ping.wait(20s));
  EXPECT_THAT(ping.output(), ::testing::HasSubstr("10 packets transmitted, 5 received"));
  int dropped = 0;
  for (const Passage& passage : link_.passages()) dropped += passage.delay ? 0 : 1;
  EXPECT_EQ(dropped, 5);
}

}  // namespace
}  // namespace rtt::support
