// Replies that are no answers, that come twice, or too late. A parameter says the family and the
// kind of socket.
#include "integration/icmp_bed.h"

namespace rtt::probers::icmp {
namespace {

struct Kind {
  const char* name;
  int family;
  bool privileged;
};

class IcmpHostile : public IcmpTest, public testing::WithParamInterface<Kind> {
 protected:
  [[nodiscard]] bool v4() const { return GetParam().family == AF_INET; }
  [[nodiscard]] std::string peer() const { return v4() ? link_.b4 : link_.b6; }
  [[nodiscard]] std::unique_ptr<Probers> make_probers(base::nanoseconds timeout = 10s) const {
    return std::make_unique<Probers>(
        near_, std::vector{peer()},
        BedOptions{.privileged = GetParam().privileged, .timeout = timeout});
  }

  // Whatever `forge` sends before the right reply must leave no trace: the probe gets its one reply
  // from the true one.
  void expect_no_trace_of(const Responder::Handler& forge) {
    Responder responder(far_, GetParam().family,
                        [&forge](Responder& self, const SeenRequest& request) {
                          forge(self, request);
                          std::this_thread::sleep_for(20ms);
                          self.send(request, self.reply_to(request));
                        });
    const auto probers = make_probers();
    for (int i = 0; i < 3; ++i) probers->probe_and_finish();
    EXPECT_EQ(probers->ledger().replied, 3U);
    EXPECT_EQ(probers->ledger().duplicate, 0U);
    EXPECT_EQ(probers->ledger().late, 0U);
    // The true reply came after the pause, the forged one before.
    EXPECT_GE(probers->last_rtt(), 20ms);
  }
};

TEST_P(IcmpHostile, AReplyWithAWrongTokenIsNotObserved) {
  expect_no_trace_of([](Responder& self, const SeenRequest& request) {
    Bytes forged = self.reply_to(request);
    forged[kHeaderBytes] ^= 1;
    self.send(request, forged);
  });
}

TEST_P(IcmpHostile, AReplyWithAWrongIdentifierIsNotObserved) {
  expect_no_trace_of([](Responder& self, const SeenRequest& request) {
    Bytes forged = self.reply_to(request);
    forged[5] ^= 1;
    self.send(request, forged);
  });
}

TEST_P(IcmpHostile, AReplyWithAWrongSequenceNumberIsNotObserved) {
  expect_no_trace_of([](Responder& self, const SeenRequest& request) {
    Bytes forged = self.reply_to(request);
    forged[7] ^= 1;
    self.send(request, forged);
  });
}

TEST_P(IcmpHostile, AReplyFromAnotherAddressIsNotObserved) {
  const char* other = v4() ? "192.0.2.66" : "2001:db8::66";
  far_.command({"ip", "addr", "add", other, "dev", "lo"});
  near_.command({"ip", "route", "add", other, "via", peer()});
  base::UniqueFd second;
  expect_no_trace_of([&](Responder& self, const SeenRequest& request) {
    if (!second) {
      second = far_.run([&] { return self.open_socket(); });
      const base::SocketAddress source(*base::IpAddress::parse(other), 0);
      ASSERT_EQ(bind(second.get(), source.get(), source.length), 0);
    }
    self.send(request, self.reply_to(request), second.get());
  });
}

TEST_P(IcmpHostile, ATruncatedReplyIsNotObserved) {
  expect_no_trace_of([](Responder& self, const SeenRequest& request) {
    for (const std::size_t size : {8U, 9U, 15U, 16U, 63U}) {
      Bytes shorter = self.reply_to(request);
      shorter.resize(size);
      self.send(request, shorter);
    }
  });
}

TEST_P(IcmpHostile, AnOversizedReplyIsNotObserved) {
  expect_no_trace_of([](Responder& self, const SeenRequest& request) {
    for (const std::size_t size : {65U, 1000U, 5000U, 60000U}) {
      Bytes longer = self.reply_to(request);
      longer.resize(size);
      self.send(request, longer);
    }
  });
}

// The kernel computes the checksum of every ICMPv6 message that is sent.
class IcmpHostileIpv4 : public IcmpHostile {};

TEST_P(IcmpHostileIpv4, AReplyWithAWrongChecksumIsNotObserved) {
  expect_no_trace_of([](Responder& self, const SeenRequest& request) {
    Bytes damaged = self.reply_to(request);
    damaged[2] ^= 0x55;
    self.send_as_is(request, damaged);
  });
}

TEST_P(IcmpHostile, AnEchoedRequestIsNotObserved) {
  expect_no_trace_of(
      [](Responder& self, const SeenRequest& request) { self.send(request, request.message); });
}

class IcmpHostileRaw : public IcmpHostile {};

TEST_P(IcmpHostileRaw, WhatIsIgnoredIsCounted) {
  Responder responder(far_, GetParam().family, [](Responder& self, const SeenRequest& request) {
    Bytes forged = self.reply_to(request);
    forged[kHeaderBytes] ^= 1;
    self.send(request, forged);
    Bytes longer = self.reply_to(request);
    longer.push_back(0);
    self.send(request, longer);
    self.send(request, self.reply_to(request));
  });
  const auto probers = make_probers();
  EXPECT_EQ(probers->ignored("unmatched"), 0);
  EXPECT_EQ(probers->ignored("malformed"), 0);
  EXPECT_EQ(probers->ignored("finished"), 0);
  probers->probe_and_finish();
  // The responder may move to another CPU meanwhile, whose packets overtake those of the first.
  EXPECT_TRUE(wait_until([&] { return probers->ignored("unmatched") == 1; }));
  EXPECT_TRUE(wait_until([&] { return probers->ignored("malformed") == 1; }));
}

TEST_P(IcmpHostile, FurtherRepliesAreDuplicates) {
  Responder responder(far_, GetParam().family, [](Responder& self, const SeenRequest& request) {
    for (int i = 0; i < 3; ++i) self.send(request, self.reply_to(request));
  });
  const auto probers = make_probers();
  probers->probe_and_finish();
  EXPECT_TRUE(wait_until([&] { return probers->ledger().duplicate == 2; }));
  EXPECT_EQ(probers->ledger().replied, 1U);
}

TEST_P(IcmpHostile, ALateReplyIsLateAndItsProbeStaysLost) {
  std::atomic<bool> hold = true;
  Responder responder(far_, GetParam().family,
                      [&hold](Responder& self, const SeenRequest& request) {
                        (void)wait_until([&hold] { return !hold; });
                        self.send(request, self.reply_to(request));
                      });
  const auto probers = make_probers(50ms);
  probers->probe_and_finish();
  EXPECT_EQ(probers->ledger().lost, 1U);
  EXPECT_FALSE(probers->ledger().up);
  hold = false;
  EXPECT_TRUE(wait_until([&] { return probers->ledger().late == 1; }));
  EXPECT_EQ(probers->ledger().lost, 1U);
  EXPECT_EQ(probers->ledger().replied, 0U);
}

TEST_P(IcmpHostile, SilenceIsLoss) {
  Responder silent(far_, GetParam().family, [](Responder&, const SeenRequest&) {});
  const auto probers = make_probers(50ms);
  for (int i = 0; i < 3; ++i) probers->probe_and_finish();
  EXPECT_EQ(probers->ledger().lost, 3U);
}

TEST_P(IcmpHostile, ReorderedRepliesEachFindTheirProbe) {
  std::vector<SeenRequest> held;
  Responder responder(far_, GetParam().family,
                      [&held](Responder& self, const SeenRequest& request) {
                        held.push_back(request);
                        if (held.size() < 5) return;
                        for (auto last = held.rbegin(); last != held.rend(); ++last) {
                          self.send(*last, self.reply_to(*last));
                        }
                        held.clear();
                      });
  const auto probers = make_probers();
  for (int i = 0; i < 5; ++i) probers->probe();
  EXPECT_TRUE(probers->finish());
  EXPECT_EQ(probers->ledger().replied, 5U);
}

TEST_P(IcmpHostile, AFloodOfForgedRepliesDoesNotHideTheTrueOnes) {
  Responder responder(far_, GetParam().family, [](Responder& self, const SeenRequest& request) {
    Bytes forged = self.reply_to(request);
    forged[kHeaderBytes] ^= 1;
    for (int i = 0; i < 2000; ++i) {
      ++forged[kHeaderBytes + 1];
      self.send(request, forged);
    }
    self.send(request, self.reply_to(request));
  });
  const auto probers = make_probers();
  for (int i = 0; i < 3; ++i) probers->probe_and_finish();
  EXPECT_EQ(probers->ledger().replied, 3U);
}

constexpr Kind kRawIpv4{"RawIpv4", AF_INET, true};
constexpr Kind kRawIpv6{"RawIpv6", AF_INET6, true};
constexpr Kind kUnprivilegedIpv4{"UnprivilegedIpv4", AF_INET, false};
constexpr Kind kUnprivilegedIpv6{"UnprivilegedIpv6", AF_INET6, false};

std::string name_of(const testing::TestParamInfo<Kind>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Sockets, IcmpHostile,
                         testing::Values(kRawIpv4, kRawIpv6, kUnprivilegedIpv4, kUnprivilegedIpv6),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Sockets, IcmpHostileIpv4, testing::Values(kRawIpv4, kUnprivilegedIpv4),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Sockets, IcmpHostileRaw, testing::Values(kRawIpv4, kRawIpv6), name_of);

}  // namespace
}  // namespace rtt::probers::icmp
