// Datagrams between namespaces: what is observed, and from which sockets.
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "integration/udp_bed.h"

namespace rtt::probers::udp_echo {
namespace {

using support::echo_datagram;

class UdpEcho : public UdpTest {
 protected:
  void expect_replies(Probers& probers) {
    const auto start = base::Clock::now();
    for (int i = 0; i < 5; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 5U);
    EXPECT_GT(probers.last_rtt(), 0ns);
    EXPECT_LT(probers.last_rtt(), base::Clock::now() - start);
    EXPECT_TRUE(probers.ledger().up);
  }
};

TEST_F(UdpEcho, ARoundTripIsObserved) {
  const UdpService echo(far_, kPort, echo_datagram);
  for (const std::string& address : {link_.b4, link_.b6}) {
    Probers probers(near_, {address});
    expect_replies(probers);
  }
}

TEST_F(UdpEcho, ARoundTripOverLoopbackIsObserved) {
  const UdpService echo(near_, kPort, echo_datagram);
  for (const char* address : {"127.0.0.1", "::1"}) {
    Probers probers(near_, {address});
    expect_replies(probers);
  }
}

TEST_F(UdpEcho, RoundTripsComeFromKernelTimestamps) {
  const UdpService echo(far_, kPort, echo_datagram);
  for (const std::string& address : {link_.b4, link_.b6}) {
    Probers probers(near_, {address});
    EXPECT_TRUE(probers.kernel_timestamps_come()) << address;
  }
}

TEST_F(UdpEcho, TheRoundTripContainsTheDelayOfThePeer) {
  const UdpService slow(far_, kPort, [](UdpService& self, const Request& request) {
    std::this_thread::sleep_for(30ms);
    echo_datagram(self, request);
  });
  Probers probers(near_, {link_.b4});
  const auto start = base::Clock::now();
  probers.probe_and_finish();
  EXPECT_GE(probers.last_rtt(), 30ms);
  EXPECT_LE(probers.last_rtt(), base::Clock::now() - start);
}

TEST_F(UdpEcho, PayloadsOfEveryLengthAreAnswered) {
  const UdpService echo(far_, kPort, echo_datagram);
  for (const std::string& address : {link_.b4, link_.b6}) {
    for (const std::uint16_t bytes : {16, 17, 32, 1400}) {
      Probers probers(near_, {address}, {.payload_bytes = bytes, .dont_fragment = true});
      probers.probe_and_finish();
      EXPECT_EQ(probers.ledger().replied, 1U) << address << " " << bytes;
      EXPECT_EQ(echo.seen().back().bytes.size(), bytes);
    }
  }
}

TEST_F(UdpEcho, AHostWithoutIpv6StillMeasuresIpv4) {
  const UdpService echo(far_, kPort, echo_datagram);
  near_.sysctl("ipv6/conf/all/disable_ipv6", "1");
  Probers v4(near_, {link_.b4});
  expect_replies(v4);
  Probers v6(near_, {link_.b6});
  v6.probe_and_finish();
  EXPECT_EQ(v6.failed(FailureReason::kNoRoute), 1U);
}

TEST_F(UdpEcho, ManyPeersShareOneSourcePort) {
  const UdpService echo(far_, kPort, echo_datagram);
  Probers probers(near_, std::vector<std::string>(100, link_.b4));
  probers.probe_and_finish();
  const auto seen = echo.seen();
  ASSERT_EQ(seen.size(), 100U);
  for (const Request& request : seen) EXPECT_EQ(request.source_port, seen[0].source_port);
  for (std::size_t i = 0; i < probers.size(); ++i) ASSERT_EQ(probers.ledger(i).replied, 1U) << i;
}

TEST_F(UdpEcho, SourcePortsTakeTurns) {
  const UdpService echo(far_, kPort, echo_datagram);
  Probers probers(near_, {link_.b4}, {.source_ports = 4});
  for (int i = 0; i < 12; ++i) probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().replied, 12U);
  std::map<std::uint16_t, int> uses;
  for (const Request& request : echo.seen()) ++uses[request.source_port];
  EXPECT_EQ(uses.size(), 4U);
  for (const auto& [port, count] : uses) EXPECT_EQ(count, 3) << port;
}

TEST_F(UdpEcho, AnotherHopLimitOfTheReplyIsAPathChange) {
  const UdpService echo(far_, kPort, [](UdpService& self, const Request& request) {
    const int ttl = self.seen().size() > 2 ? 40 : 50;
    setsockopt(self.fd(), IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
    echo_datagram(self, request);
  });
  Probers probers(near_, {link_.b4});
  for (int i = 0; i < 4; ++i) probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().path_changes, 1U);
}

TEST_F(UdpEcho, AProbeWithoutAnAddressIsUnresolved) {
  Probers probers(near_, {""});
  probers.probe_and_finish();
  EXPECT_EQ(probers.failed(FailureReason::kUnresolved), 1U);
}

TEST_F(UdpEcho, AChangeOfAddressLeavesProbesInFlightValid) {
  std::atomic<bool> hold = true;
  const UdpService echo(far_, kPort, [&hold](UdpService& self, const Request& request) {
    (void)wait_until([&hold] { return !hold; });
    echo_datagram(self, request);
  });
  Probers probers(near_, {link_.b4});
  probers.probe();
  probers.set_address(link_.b6);
  hold = false;
  EXPECT_TRUE(probers.finish());
  EXPECT_EQ(probers.ledger().replied, 1U);
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().replied, 2U);
}

TEST_F(UdpEcho, DestroyingAProberCancelsItsProbeInFlight) {
  const UdpService silent(far_, kPort, [](UdpService&, const Request&) {});
  Probers probers(near_, {link_.b4});
  probers.probe();
  probers.destroy();
  EXPECT_EQ(probers.failed(FailureReason::kCancelled), 1U);
  EXPECT_EQ(probers.ledger().in_flight, 0U);
}

TEST_F(UdpEcho, AnInterfaceThatGoesAndComesBackIsUsedAgain) {
  const UdpService echo(far_, kPort, echo_datagram);
  Probers probers(near_, {link_.b4}, {.socket = {.interface = "veth0"}});
  expect_replies(probers);
  near_.command({"ip", "link", "set", "veth0", "down"});
  near_.command({"ip", "link", "set", "veth0", "name", "gone0"});
  // The socket lives on until the next look at the interface.
  EXPECT_TRUE(wait_until([&] {
    probers.probe_and_finish();
    return probers.failed(FailureReason::kNoInterface) > 0;
  }));
  near_.command({"ip", "link", "set", "gone0", "name", "veth0"});
  near_.command({"ip", "link", "set", "veth0", "up"});
  const std::uint64_t replied = probers.ledger().replied;
  EXPECT_TRUE(wait_until([&] {
    probers.probe_and_finish();
    return probers.ledger().replied > replied;
  }));
}

}  // namespace
}  // namespace rtt::probers::udp_echo
