// Probes that fail: the network says that it cannot deliver, or the host itself cannot send.
#include "integration/icmp_bed.h"

namespace rtt::probers::icmp {
namespace {

constexpr const char* kBeyondV4 = "198.51.100.1";
constexpr const char* kBeyondV6 = "2001:db8:1::1";

// near -- router -- far; the router decides what happens to what goes beyond.
class IcmpErrors : public testing::TestWithParam<bool> {
 protected:
  IcmpErrors() {
    for (const Namespace* host : {&router_, &far_}) {
      host->sysctl("ipv4/ip_forward", "1");
      host->sysctl("ipv6/conf/all/forwarding", "1");
    }
    route(near_, "default", {"via"}, near_link_.b4, near_link_.b6);
    route(far_, "default", {"via"}, far_link_.a4, far_link_.a6);
  }

  [[nodiscard]] bool privileged() const { return GetParam(); }
  static void route(const Namespace& where, const std::string& to,
                    const std::vector<std::string>& how, const std::string& v4 = "",
                    const std::string& v6 = "") {
    add_route(where, "-4", to == "default" ? to : kBeyondV4, how, v4);
    add_route(where, "-6", to == "default" ? to : kBeyondV6, how, v6);
  }
  static void add_route(const Namespace& where, const std::string& family, const std::string& to,
                        const std::vector<std::string>& how, const std::string& via) {
    std::vector<std::string> command{"ip", family, "route", "replace"};
    if (via.empty()) command.insert(command.end(), how.begin(), how.end());
    command.push_back(to);
    if (!via.empty()) command.insert(command.end(), {how.front(), via});
    where.command(command);
  }

  void expect_all_fail(FailureReason reason, const std::string& v4 = kBeyondV4,
                       const std::string& v6 = kBeyondV6) {
    for (const std::string& address : {v4, v6}) {
      Probers probers(near_, {address}, {.privileged = privileged()});
      for (int i = 0; i < 3; ++i) probers.probe_and_finish();
      EXPECT_EQ(probers.failed(reason), 3U) << address;
      EXPECT_FALSE(probers.ledger().up);
    }
  }

  Namespace near_;
  Namespace router_;
  Namespace far_;
  support::LinkAddresses near_link_ = support::connect_by_veth(near_, router_);
  support::LinkAddresses far_link_ = support::connect_by_veth(router_, far_, "veth1");
};

TEST_P(IcmpErrors, AnUnreachableRouteBeyondIsUnreachable) {
  route(router_, "", {"unreachable"});
  expect_all_fail(FailureReason::kUnreachable);
}

TEST_P(IcmpErrors, AProhibitedRouteBeyondIsUnreachable) {
  route(router_, "", {"prohibit"});
  expect_all_fail(FailureReason::kUnreachable);
}

TEST_P(IcmpErrors, ARoutingLoopExceedsTheTtl) {
  route(router_, "", {"via"}, far_link_.b4, far_link_.b6);
  expect_all_fail(FailureReason::kTtlExceeded);
}

TEST_P(IcmpErrors, ANeighborThatDoesNotAnswerIsUnreachable) {
  for (const char* family : {"ipv4", "ipv6"}) {
    near_.sysctl(std::string(family) + "/neigh/veth0/retrans_time_ms", "30");
    near_.sysctl(std::string(family) + "/neigh/veth0/mcast_solicit", "2");
  }
  near_.command({"ip", "addr", "add", "192.0.2.1/24", "dev", "veth0"});
  const std::string nobody = near_link_.a6 + "23";
  expect_all_fail(FailureReason::kUnreachable, "192.0.2.99", nobody);
}

TEST_P(IcmpErrors, AnErrorAboutOneProbeDoesNotDisturbTheOthers) {
  route(router_, "", {"unreachable"});
  for (const auto& [beyond, router] :
       {std::pair(std::string(kBeyondV4), near_link_.b4), {kBeyondV6, near_link_.b6}}) {
    Probers probers(near_, {router, beyond, router, beyond, router},
                    {.privileged = privileged(), .timeout = 2s});
    for (int i = 0; i < 50; ++i) probers.probe();
    EXPECT_TRUE(probers.finish());
    for (const std::size_t i : {0U, 2U, 4U}) EXPECT_EQ(probers.ledger(i).replied, 50U) << router;
    // Linux sends a burst of such errors, then one per second; without one a probe is lost.
    for (const std::size_t i : {1U, 3U}) {
      EXPECT_GE(probers.ledger(i).failed_total(), 1U) << router;
      EXPECT_EQ(probers.ledger(i).failed_total() + probers.ledger(i).lost, 50U) << router;
    }
  }
}

TEST_P(IcmpErrors, WithoutARouteThereIsNoRoute) {
  near_.command({"ip", "-4", "route", "del", "default"});
  near_.command({"ip", "-6", "route", "del", "default"});
  expect_all_fail(FailureReason::kNoRoute);
}

TEST_P(IcmpErrors, ALocalUnreachableRouteIsNoRoute) {
  route(near_, "", {"unreachable"});
  expect_all_fail(FailureReason::kNoRoute);
}

TEST_P(IcmpErrors, AForbiddenRouteIsNoRoute) {
  route(near_, "", {"prohibit"});
  expect_all_fail(FailureReason::kNoRoute);
}

TEST_P(IcmpErrors, AddressesOfMoreThanOneNodeAreSendErrors) {
  expect_all_fail(FailureReason::kSendError, "255.255.255.255", "ff02::1");
  expect_all_fail(FailureReason::kSendError, "224.0.0.1", "ff0e::1");
  expect_all_fail(FailureReason::kSendError, "0.0.0.0", "::");
}

TEST_P(IcmpErrors, AFailedSendDoesNotMixUpTheTimestampsOfOthers) {
  near_.command({"ip", "-4", "route", "del", "default"});
  near_.command({"ip", "-6", "route", "del", "default"});
  const std::vector<std::string> peers{near_link_.b4, kBeyondV4, near_link_.b4,
                                       near_link_.b6, kBeyondV6, near_link_.b6};
  Probers probers(near_, peers, {.privileged = privileged()});
  // Timestamps are turned on in the background; from then on none may be missing.
  ASSERT_TRUE(wait_until([&] {
    const double before = probers.fallbacks();
    probers.probe_and_finish();
    return probers.fallbacks() == before;
  }));
  const double before = probers.fallbacks();
  for (int i = 0; i < 50; ++i) probers.probe_and_finish();
  EXPECT_EQ(probers.fallbacks(), before);
}

INSTANTIATE_TEST_SUITE_P(Sockets, IcmpErrors, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& info) {
                           return info.param ? "Raw" : "Unprivileged";
                         });

// Errors as routers write them that Linux does not.
class IcmpCraftedErrors : public IcmpTest {
 protected:
  void expect(const Responder::Handler& handler, FailureReason reason) {
    Responder responder(far_, AF_INET, handler);
    Probers probers(near_, {link_.b4});
    probers.probe_and_finish();
    EXPECT_EQ(probers.failed(reason), 1U);
  }
};

constexpr std::size_t kShortQuote = 28;  // IP header and 8 bytes, all that RFC 792 asks for

TEST_F(IcmpCraftedErrors, AShortQuoteIsEnough) {
  expect(
      [](Responder& self, const SeenRequest& request) {
        self.send(request, Responder::error_about(request, ICMP_DEST_UNREACH, kShortQuote));
      },
      FailureReason::kUnreachable);
}

TEST_F(IcmpCraftedErrors, AShortQuotePaddedWithZerosIsEnough) {
  expect(
      [](Responder& self, const SeenRequest& request) {
        Bytes error = Responder::error_about(request, ICMP_TIME_EXCEEDED, kShortQuote);
        error.resize(kHeaderBytes + 128);
        self.send(request, error);
      },
      FailureReason::kTtlExceeded);
}

TEST_F(IcmpCraftedErrors, AQuoteOfAnotherProbeFailsNone) {
  Responder responder(far_, AF_INET, [](Responder& self, const SeenRequest& request) {
    Bytes wrong_token = Responder::error_about(request, ICMP_DEST_UNREACH, 1000);
    wrong_token[kHeaderBytes + 20 + kHeaderBytes] ^= 1;
    self.send(request, wrong_token);
    Bytes wrong_destination = Responder::error_about(request, ICMP_DEST_UNREACH, kShortQuote);
    wrong_destination[kHeaderBytes + 19] ^= 1;
    self.send(request, wrong_destination);
    for (std::size_t quoted = 0; quoted < kShortQuote; ++quoted) {
      self.send(request, Responder::error_about(request, ICMP_DEST_UNREACH, quoted));
    }
    self.send(request, self.reply_to(request));
  });
  Probers probers(near_, {link_.b4});
  probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().replied, 1U);
  EXPECT_EQ(probers.ledger().failed_total(), 0U);
}

TEST_F(IcmpCraftedErrors, AnErrorAfterTheReplyChangesNothing) {
  Responder responder(far_, AF_INET, [](Responder& self, const SeenRequest& request) {
    self.send(request, self.reply_to(request));
    self.send(request, Responder::error_about(request, ICMP_DEST_UNREACH, 1000));
  });
  Probers probers(near_, {link_.b4});
  probers.probe_and_finish();
  EXPECT_TRUE(wait_until([&] { return probers.ignored("finished") == 1; }));
  EXPECT_EQ(probers.ledger().replied, 1U);
  EXPECT_EQ(probers.ledger().failed_total(), 0U);
}

}  // namespace
}  // namespace rtt::probers::icmp
