// Each method alone reports the delay that the link really has.
#include <gmock/gmock.h>

#include <cmath>
#include <memory>

#include "integration/configuration.h"
#include "support/daemon.h"
#include "support/delay_link.h"
#include "support/repeat.h"
#include "support/tcp_service.h"
#include "support/traffic.h"
#include "support/udp_service.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using base::to_seconds;
using support::Daemon;
using support::DelayLink;
using support::Direction;
using support::HistogramSample;
using support::Namespace;
using support::Traffic;

constexpr std::uint16_t kPort = 7;
// Nothing is measured below the delay of the link, but for the width of a bucket and the median of either side.
constexpr double kEarly = 0.0001;
// What the wake-ups of the link and of the far end may add on a virtual machine that has little of its host.
constexpr double kLate = 0.0015;
constexpr double kEnough = 20;  // observations for a median

bool is_active(const std::string& method) {
  return method == "icmp" || method == "tcp_connect" || method == "tcp_echo" ||
         method == "udp_echo";
}

class MethodTest : public ::testing::Test {
 protected:
  void set_delay(nanoseconds there, nanoseconds back) {
    link_.set(Direction::kAToB, {.delay = there});
    link_.set(Direction::kBToA, {.delay = back});
  }

  std::string config(const std::string& method, const std::string& histogram) const {
    const bool kernel = method == "tcp_probe" || method == "tcp_handshake";
    std::string text = histogram + passive(kernel, method == "tcp_info");
    if (is_active(method)) {
      text += "probes:\n  one: {method: " + method + ", interval: 50ms, timeout: 1s" +
              (method == "icmp" ? "" : ", port: " + std::to_string(kPort)) + "}\n";
    }
    return text + "targets:\n  - name: far\n    hosts: [\"" + link_.addresses().b4 + "\", \"" +
           link_.addresses().b6 + "\"]\n" + (is_active(method) ? "    probes: [one]\n" : "");
  }

  // What there is to see for a method that only watches.
  void make_traffic(const std::string& method) {
    if (is_active(method)) return;
    for (const std::string& host : {link_.addresses().b4, link_.addresses().b6}) {
      const auto step = method == "tcp_handshake" ? support::connections(host, kPort)
                                                  : support::exchanges(host, kPort);
      traffic_.push_back(std::make_unique<Traffic>(here_, step));
    }
  }

  static HistogramSample histogram(const support::Scrape& scrape, const std::string& method,
                                   const std::string& peer) {
    auto found =
        scrape.histogram("rtt_seconds", {{"target", "far"}, {"peer", peer}, {"method", method}});
    EXPECT_TRUE(found) << method << " to " << peer;
    return found.value_or(HistogramSample());
  }

  // The median of the next observations.
  static double next_median(const Daemon& daemon, const std::string& method,
                            const std::string& peer) {
    const HistogramSample before = histogram(daemon.scrape(), method, peer);
    const auto after = daemon.scrape_until([&](const support::Scrape& scrape) {
      return histogram(scrape, method, peer).count >= before.count + kEnough;
    });
    return histogram(after, method, peer).since(before).median().value_or(NAN);
  }

  static bool is_delay(double measured, double delay) {
    return measured >= delay - kEarly && measured <= delay + kLate;
  }

  struct Window {
    double measured = NAN;
    double truth = NAN;

    [[nodiscard]] bool agrees_with(double expected) const {
      return is_delay(measured, expected) && is_delay(measured, truth);
    }
  };

  // The median of one window of observations and what the link did to the packets meanwhile.
  // A smoothed RTT follows a change, be it of the link or a stall of this machine, over dozens of
  // samples: over several windows.
  Window settled_window(const Daemon& daemon, const std::string& method, const std::string& peer,
                        nanoseconds expected) {
    return support::measure_until(
        [&] {
          link_.clear_passages();
          const double measured = next_median(daemon, method, peer);
          return Window{.measured = measured, .truth = true_round_trip(method)};
        },
        [&](const Window& window) { return window.agrees_with(to_seconds(expected)); });
  }

  double true_round_trip(const std::string& method) const {
    const auto matches = [&](const support::IpPacket& packet) {
      if (method == "icmp") return packet.is_echo_request() || packet.is_echo_reply();
      return method == "udp_echo" ? packet.is_udp() : packet.is_tcp();
    };
    const auto there = link_.median_delay(Direction::kAToB, matches);
    const auto back = link_.median_delay(Direction::kBToA, matches);
    EXPECT_TRUE(there && back);
    return to_seconds(there.value_or(0ns) + back.value_or(0ns));
  }

  Namespace here_;
  Namespace there_;
  DelayLink link_{here_, there_};
  support::TcpService echo_{there_, kPort, support::echo};
  support::UdpService udp_echo_{there_, kPort, support::echo_datagram};
  std::vector<std::unique_ptr<Traffic>> traffic_;
};

struct Delay {
  const char* name;
  nanoseconds there;
  nanoseconds back;
};

using DelayCase = std::tuple<const char*, Delay>;

class DelayTest : public MethodTest, public ::testing::WithParamInterface<DelayCase> {};

TEST_P(DelayTest, MedianIsTheDelayOfTheLink) {
  const std::string method = std::get<0>(GetParam());
  const Delay delay = std::get<1>(GetParam());
  const nanoseconds expected = delay.there + delay.back;
  set_delay(delay.there, delay.back);
  const Daemon daemon(here_, config(method, histogram_around({expected}, 50us, 10, 80)));
  make_traffic(method);
  for (const std::string& peer : {link_.addresses().b4, link_.addresses().b6}) {
    const Window window = settled_window(daemon, method, peer, expected);
    EXPECT_PRED2(is_delay, window.measured, to_seconds(expected)) << peer;
    EXPECT_PRED2(is_delay, window.measured, window.truth) << peer;
  }
}

constexpr const char* kMethods[] = {"icmp",      "tcp_connect",   "tcp_echo", "udp_echo",
                                    "tcp_probe", "tcp_handshake", "tcp_info"};

INSTANTIATE_TEST_SUITE_P(
    Methods, DelayTest,
    ::testing::Combine(::testing::ValuesIn(kMethods),
                       ::testing::Values(Delay{"20ms", 10ms, 10ms}, Delay{"80ms", 40ms, 40ms},
                                         Delay{"asymmetric_5ms_15ms", 5ms, 15ms})),
    [](const auto& info) {
      return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param).name;
    });

class StepTest : public MethodTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(StepTest, StepOfTheDelayIsSeen) {
  const std::string method = GetParam();
  set_delay(5ms, 5ms);
  const Daemon daemon(here_, config(method, histogram_around({10ms, 20ms}, 50us, 10, 38)));
  make_traffic(method);
  const std::string peer = link_.addresses().b4;
  ASSERT_PRED2(is_delay, settled_window(daemon, method, peer, 10ms).measured, 0.010);
  set_delay(10ms, 10ms);
  EXPECT_PRED2(is_delay, settled_window(daemon, method, peer, 20ms).measured, 0.020);
}

INSTANTIATE_TEST_SUITE_P(Methods, StepTest, ::testing::ValuesIn(kMethods),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace rtt::integration
