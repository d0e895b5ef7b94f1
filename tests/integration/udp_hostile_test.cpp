// Datagrams that are no answers, that come twice, or too late. The parameter: whether over IPv4.
#include <algorithm>
#include <atomic>
#include <thread>

#include "integration/udp_bed.h"

namespace rtt::probers::udp_echo {
namespace {

using support::echo_datagram;

class UdpHostile : public UdpTest, public testing::WithParamInterface<bool> {
 protected:
  [[nodiscard]] std::string peer() const { return GetParam() ? link_.b4 : link_.b6; }

  // Whatever `forge` sends before the right reply must leave no trace: the probe gets its one reply
  // from the true one.
  void expect_no_trace_of(const UdpService::Handler& forge) {
    const UdpService service(far_, kPort, [&forge](UdpService& self, const Request& request) {
      forge(self, request);
      std::this_thread::sleep_for(20ms);
      echo_datagram(self, request);
    });
    Probers probers(near_, {peer()});
    for (int i = 0; i < 3; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 3U);
    EXPECT_EQ(probers.ledger().duplicate, 0U);
    EXPECT_EQ(probers.ledger().late, 0U);
    // The true reply came after the pause, the forged one before.
    EXPECT_GE(probers.last_rtt(), 20ms);
  }
  void expect_no_trace_of_a_change_at(std::size_t index) {
    expect_no_trace_of([index](UdpService& self, const Request& request) {
      Bytes forged = request.bytes;
      forged[index] ^= 1;
      self.send(request, forged);
    });
  }
};

TEST_P(UdpHostile, AReplyWithAWrongSequenceNumberIsNotObserved) {
  expect_no_trace_of_a_change_at(7);
}

TEST_P(UdpHostile, AReplyWithAWrongTokenIsNotObserved) { expect_no_trace_of_a_change_at(8); }

TEST_P(UdpHostile, AReplyWithAnotherContentIsNotObserved) { expect_no_trace_of_a_change_at(31); }

TEST_P(UdpHostile, AShorterReplyIsNotObserved) {
  expect_no_trace_of([](UdpService& self, const Request& request) {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 31U}) {
      self.send(request, {request.bytes.begin(), request.bytes.begin() + size});
    }
  });
}

TEST_P(UdpHostile, ALongerReplyIsNotObserved) {
  expect_no_trace_of([](UdpService& self, const Request& request) {
    for (const std::size_t size : {33U, 1000U, 1400U, 5000U, 60000U}) {
      Bytes longer = request.bytes;
      longer.resize(size);
      self.send(request, longer);
    }
  });
}

TEST_P(UdpHostile, AReplyFromAnotherPortIsNotObserved) {
  const base::UniqueFd other = far_.run([] { return support::udp_socket(0); });
  expect_no_trace_of([&other](UdpService& self, const Request& request) {
    self.send(request, request.bytes, other.get());
  });
}

TEST_P(UdpHostile, AReplyFromAnotherAddressIsNotObserved) {
  const char* other = GetParam() ? "192.0.2.66" : "2001:db8::66";
  far_.command({"ip", "addr", "add", other, "dev", "lo"});
  near_.command({"ip", "route", "add", other, "via", peer()});
  const base::UniqueFd socket =
      far_.run([other] { return support::udp_socket(kPort, *base::IpAddress::parse(other)); });
  expect_no_trace_of([&socket](UdpService& self, const Request& request) {
    self.send(request, request.bytes, socket.get());
  });
}

TEST_P(UdpHostile, WhatIsIgnoredIsCounted) {
  const UdpService service(far_, kPort, [](UdpService& self, const Request& request) {
    Bytes forged = request.bytes;
    forged[8] ^= 1;
    self.send(request, forged);
    forged = request.bytes;
    forged.push_back(0);
    self.send(request, forged);
    echo_datagram(self, request);
  });
  Probers probers(near_, {peer()});
  EXPECT_EQ(probers.ignored("unmatched"), 0);
  EXPECT_EQ(probers.ignored("malformed"), 0);
  EXPECT_EQ(probers.ignored("finished"), 0);
  probers.probe_and_finish();
  // The service may move to another CPU meanwhile, whose packets overtake those of the first.
  EXPECT_TRUE(wait_until([&] { return probers.ignored("unmatched") == 1; }));
  EXPECT_TRUE(wait_until([&] { return probers.ignored("malformed") == 1; }));
}

TEST_P(UdpHostile, FurtherRepliesAreDuplicates) {
  const UdpService service(far_, kPort, [](UdpService& self, const Request& request) {
    for (int i = 0; i < 3; ++i) echo_datagram(self, request);
  });
  Probers probers(near_, {peer()});
  probers.probe_and_finish();
  EXPECT_TRUE(wait_until([&] { return probers.ledger().duplicate == 2; }));
  EXPECT_EQ(probers.ledger().replied, 1U);
}

TEST_P(UdpHostile, ALateReplyIsLateAndItsProbeStaysLost) {
  std::atomic<bool> hold = true;
  const UdpService service(far_, kPort, [&hold](UdpService& self, const Request& request) {
    (void)wait_until([&hold] { return !hold; });
    echo_datagram(self, request);
  });
  Probers probers(near_, {peer()}, {.timeout = 50ms});
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().lost, 1U);
  EXPECT_FALSE(probers.ledger().up);
  hold = false;
  EXPECT_TRUE(wait_until([&] { return probers.ledger().late == 1; }));
  EXPECT_EQ(probers.ledger().lost, 1U);
  EXPECT_EQ(probers.ledger().replied, 0U);
}

TEST_P(UdpHostile, SilenceIsLoss) {
  const UdpService silent(far_, kPort, [](UdpService&, const Request&) {});
  Probers probers(near_, {peer()}, {.timeout = 50ms});
  for (int i = 0; i < 3; ++i) probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().lost, 3U);
}

TEST_P(UdpHostile, ReorderedRepliesEachFindTheirProbe) {
  std::vector<Request> held;
  const UdpService service(far_, kPort, [&held](UdpService& self, const Request& request) {
    held.push_back(request);
    if (held.size() < 5) return;
    std::reverse(held.begin(), held.end());
    for (const Request& each : held) echo_datagram(self, each);
  });
  Probers probers(near_, {peer()});
  for (int i = 0; i < 5; ++i) probers.probe();
  EXPECT_TRUE(probers.finish());
  EXPECT_EQ(probers.ledger().replied, 5U);
  EXPECT_EQ(probers.ledger().duplicate, 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, UdpHostile, testing::Bool(),
                         [](const auto& info) { return info.param ? "Ipv4" : "Ipv6"; });

}  // namespace
}  // namespace rtt::probers::udp_echo
