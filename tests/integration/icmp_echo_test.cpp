// Echo requests between namespaces: what is observed, and from which sockets.
#include "integration/icmp_bed.h"

namespace rtt::probers::icmp {
namespace {

void answer(Responder& responder, const SeenRequest& request) {
  responder.send(request, responder.reply_to(request));
}

class IcmpEcho : public IcmpTest {
 protected:
  // Probes until a round trip came from kernel timestamps, which are turned on in the background.
  static bool kernel_timestamps_come(Probers& probers) {
    return wait_until([&] {
      const double before = probers.fallbacks();
      const std::uint64_t replied = probers.ledger().replied;
      probers.probe_and_finish();
      return probers.ledger().replied > replied && probers.fallbacks() == before;
    });
  }
  void expect_replies(Probers& probers) {
    const auto start = base::Clock::now();
    for (int i = 0; i < 5; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 5U);
    EXPECT_GT(probers.last_rtt(), 0ns);
    EXPECT_LT(probers.last_rtt(), base::Clock::now() - start);
    EXPECT_TRUE(probers.ledger().up);
  }
};

TEST_F(IcmpEcho, ARoundTripOverIpv4IsObserved) {
  Probers probers(near_, {link_.b4});
  expect_replies(probers);
}

TEST_F(IcmpEcho, ARoundTripOverIpv6IsObserved) {
  Probers probers(near_, {link_.b6});
  expect_replies(probers);
}

TEST_F(IcmpEcho, ARoundTripOverLoopbackIsObserved) {
  Probers v4(near_, {"127.0.0.1"});
  expect_replies(v4);
  Probers v6(near_, {"::1"});
  expect_replies(v6);
}

TEST_F(IcmpEcho, RoundTripsComeFromKernelTimestamps) {
  for (const std::string& address : {link_.b4, link_.b6}) {
    Probers probers(near_, {address});
    EXPECT_TRUE(kernel_timestamps_come(probers)) << address;
  }
}

TEST_F(IcmpEcho, UnprivilegedSocketsWork) {
  for (const std::string& address : {link_.b4, link_.b6}) {
    Probers probers(near_, {address}, {.privileged = false});
    ASSERT_EQ(probers.error(), "");
    expect_replies(probers);
    EXPECT_TRUE(kernel_timestamps_come(probers)) << address;
  }
}

TEST_F(IcmpEcho, WithoutAnyKindOfSocketTheReasonIsSaid) {
  near_.sysctl("ipv4/ping_group_range", "1 0");
  Probers probers(near_, {}, {.privileged = false});
  EXPECT_NE(probers.error().find("CAP_NET_RAW"), std::string::npos) << probers.error();
  EXPECT_NE(probers.error().find("ping_group_range"), std::string::npos) << probers.error();
}

TEST_F(IcmpEcho, AHostWithoutIpv6StillMeasuresIpv4) {
  near_.sysctl("ipv6/conf/all/disable_ipv6", "1");
  Probers v4(near_, {link_.b4});
  expect_replies(v4);
  Probers v6(near_, {link_.b6});
  v6.probe_and_finish();
  EXPECT_EQ(v6.failed(FailureReason::kNoRoute), 1U);
}

TEST_F(IcmpEcho, TheRoundTripContainsTheDelayOfThePeer) {
  Responder responder(far_, AF_INET, [](Responder& self, const SeenRequest& request) {
    std::this_thread::sleep_for(30ms);
    answer(self, request);
  });
  Probers probers(near_, {link_.b4});
  const auto start = base::Clock::now();
  probers.probe_and_finish();
  EXPECT_GE(probers.last_rtt(), 30ms);
  EXPECT_LE(probers.last_rtt(), base::Clock::now() - start);
}

TEST_F(IcmpEcho, PayloadsOfEveryLengthAreAnswered) {
  for (const std::string& address : {link_.b4, link_.b6}) {
    for (const std::uint16_t bytes : {8, 9, 1472, 1473, 20000, 65507}) {
      Probers probers(near_, {address}, {.payload_bytes = bytes});
      probers.probe_and_finish();
      EXPECT_EQ(probers.ledger().replied, 1U) << address << " " << bytes;
    }
  }
}

TEST_F(IcmpEcho, TheRequestHasTheConfiguredPayloadAndDscp) {
  for (const bool privileged : {true, false}) {
    for (const std::string& address : {link_.b4, link_.b6}) {
      const int family = address == link_.b4 ? AF_INET : AF_INET6;
      Responder responder(far_, family, answer);
      Probers probers(near_, {address},
                      {.privileged = privileged, .payload_bytes = 100, .socket = {.dscp = 46}});
      probers.probe_and_finish();
      const auto seen = responder.seen();
      ASSERT_EQ(seen.size(), 1U);
      EXPECT_EQ(seen[0].message.size(), kHeaderBytes + 100);
      EXPECT_EQ(seen[0].traffic_class, 46 << 2) << address;
    }
  }
}

TEST_F(IcmpEcho, TheRequestComesFromTheConfiguredSource) {
  near_.command({"ip", "addr", "add", "192.0.2.1/32", "dev", "lo"});
  far_.command({"ip", "route", "add", "192.0.2.1/32", "via", link_.a4});
  Responder responder(far_, AF_INET, answer);
  Probers probers(near_, {link_.b4}, {.socket = {.source = base::IpAddress::parse("192.0.2.1")}});
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().replied, 1U);
  ASSERT_EQ(responder.seen().size(), 1U);
  EXPECT_EQ(responder.seen()[0].source(), base::IpAddress::parse("192.0.2.1"));
}

TEST_F(IcmpEcho, ASourceThatAppearsLaterIsUsedThen) {
  Probers probers(near_, {link_.b4}, {.socket = {.source = base::IpAddress::parse("192.0.2.1")}});
  probers.probe_and_finish();
  EXPECT_EQ(probers.failed(FailureReason::kNoRoute), 1U);
  near_.command({"ip", "addr", "add", "192.0.2.1/32", "dev", "lo"});
  far_.command({"ip", "route", "add", "192.0.2.1/32", "via", link_.a4});
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().replied, 1U);
}

TEST_F(IcmpEcho, ASourceOfTheOtherFamilyHasNoRoute) {
  Probers probers(near_, {link_.b6}, {.socket = {.source = base::IpAddress::parse(link_.a4)}});
  probers.probe_and_finish();
  EXPECT_EQ(probers.failed(FailureReason::kNoRoute), 1U);
}

TEST_F(IcmpEcho, TwoPeersWithOneAddressEachGetTheirOwnReply) {
  Probers probers(near_, {link_.b4, link_.b4});
  for (int i = 0; i < 10; ++i) probers.probe_and_finish();
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(probers.ledger(i).replied, 10U);
    EXPECT_EQ(probers.ledger(i).duplicate, 0U);
  }
}

TEST_F(IcmpEcho, ThousandsOfPeersProbedAtOnceLoseNothing) {
  Probers probers(near_, std::vector<std::string>(5000, link_.b4));
  probers.probe_and_finish();
  for (std::size_t i = 0; i < probers.size(); ++i) ASSERT_EQ(probers.ledger(i).replied, 1U) << i;
}

TEST_F(IcmpEcho, AProbeWithoutAnAddressIsUnresolved) {
  Probers probers(near_, {""});
  probers.probe_and_finish();
  EXPECT_EQ(probers.failed(FailureReason::kUnresolved), 1U);
}

TEST_F(IcmpEcho, AChangeOfAddressLeavesProbesInFlightValid) {
  std::atomic<bool> hold = true;
  Responder responder(far_, AF_INET, [&hold](Responder& self, const SeenRequest& request) {
    (void)wait_until([&hold] { return !hold; });
    answer(self, request);
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

TEST_F(IcmpEcho, DestroyingAProberCancelsItsProbeInFlight) {
  Responder silent(far_, AF_INET, [](Responder&, const SeenRequest&) {});
  Probers probers(near_, {link_.b4});
  probers.probe();
  probers.destroy();
  EXPECT_EQ(probers.failed(FailureReason::kCancelled), 1U);
  EXPECT_EQ(probers.ledger().in_flight, 0U);
}

TEST_F(IcmpEcho, AProbeOfADestroyedProberIsNotSent) {
  Responder responder(far_, AF_INET, answer);
  Probers probers(near_, {link_.b4, link_.b4});
  probers.probe_without_sending();
  probers.destroy();
  probers.flush();
  EXPECT_EQ(probers.failed(FailureReason::kCancelled), 1U);
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger(1).replied, 1U);
  EXPECT_EQ(responder.seen().size(), 1U);
}

TEST_F(IcmpEcho, OtherProgramsPingsDoNotReachTheSocket) {
  Probers probers(near_, {link_.b4, link_.b6});
  probers.probe_and_finish();
  near_.command({"ping", "-n", "-c", "5", "-i", "0.01", link_.b4});
  near_.command({"ping", "-n", "-c", "5", "-i", "0.01", link_.b6});
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger(0).replied, 2U);
  EXPECT_EQ(probers.ledger(1).replied, 2U);
  EXPECT_EQ(probers.ignored("unmatched"), 0);
  EXPECT_EQ(probers.ignored("malformed"), 0);
}

}  // namespace
}  // namespace rtt::probers::icmp
