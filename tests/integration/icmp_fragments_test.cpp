// Requests that are longer than the path allows, with and without leave to fragment them.
#include "integration/icmp_bed.h"
#include "support/capture.h"

namespace rtt::probers::icmp {
namespace {

constexpr std::uint16_t kFits = 1000;
constexpr std::uint16_t kBeyondTheRouter = 1400;
constexpr std::uint16_t kBeyondTheDevice = 2000;

/// near -- router -- far; the second link takes packets of 1300 bytes. By whether the process is
/// privileged: raw or ping sockets.
class IcmpFragments : public testing::TestWithParam<bool> {
 protected:
  IcmpFragments() {
    router_.sysctl("ipv4/ip_forward", "1");
    router_.sysctl("ipv6/conf/all/forwarding", "1");
    near_.command({"ip", "route", "add", "default", "via", near_link_.b4});
    near_.command({"ip", "-6", "route", "add", "default", "via", near_link_.b6});
    far_.command({"ip", "route", "add", "default", "via", far_link_.a4});
    far_.command({"ip", "-6", "route", "add", "default", "via", far_link_.a6});
    set_mtu("1300");
  }
  void set_mtu(const std::string& bytes) const {
    router_.command({"ip", "link", "set", "veth1", "mtu", bytes});
    far_.command({"ip", "link", "set", "veth1", "mtu", bytes});
  }
  [[nodiscard]] BedOptions options(std::uint16_t payload_bytes, bool dont_fragment = true) const {
    return {
        .privileged = GetParam(), .payload_bytes = payload_bytes, .dont_fragment = dont_fragment};
  }
  [[nodiscard]] std::vector<std::string> addresses() const { return {far_link_.b4, far_link_.b6}; }

  Namespace near_;
  Namespace router_;
  Namespace far_;
  support::LinkAddresses near_link_ = support::connect_by_veth(near_, router_);
  support::LinkAddresses far_link_ = support::connect_by_veth(router_, far_, "veth1");
};

TEST_P(IcmpFragments, WhatFitsIsAnswered) {
  for (const std::string& address : addresses()) {
    Probers probers(near_, {address}, options(kFits));
    probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 1U) << address;
  }
}

TEST_P(IcmpFragments, WhatTheRouterRefusesIsTooBigEveryTime) {
  for (const std::string& address : addresses()) {
    Probers probers(near_, {address}, options(kBeyondTheRouter));
    for (int i = 0; i < 3; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.failed(FailureReason::kTooBig), 3U) << address;
  }
}

TEST_P(IcmpFragments, WhatTheDeviceRefusesIsTooBigEveryTime) {
  for (const std::string& address : addresses()) {
    Probers probers(near_, {address}, options(kBeyondTheDevice));
    for (int i = 0; i < 3; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.failed(FailureReason::kTooBig), 3U) << address;
  }
}

TEST_P(IcmpFragments, APathThatTakesMoreAgainIsUsedAtOnce) {
  for (const std::string& address : addresses()) {
    set_mtu("1300");
    Probers probers(near_, {address}, options(kBeyondTheRouter));
    probers.probe_and_finish();
    EXPECT_EQ(probers.failed(FailureReason::kTooBig), 1U) << address;
    set_mtu("1500");
    probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 1U) << address;
  }
}

TEST_P(IcmpFragments, WithLeaveToFragmentLongRequestsAreAnsweredOnceThePathIsKnown) {
  for (const std::string& address : addresses()) {
    for (const std::uint16_t payload : {kBeyondTheRouter, kBeyondTheDevice}) {
      Probers probers(near_, {address}, options(payload, false));
      probers.probe_and_finish();
      probers.probe_and_finish();
      EXPECT_GE(probers.ledger().replied, 1U) << address << " " << payload;
    }
  }
}

TEST_P(IcmpFragments, AProbeThatIsTooBigDoesNotDisturbOthers) {
  Probers small(near_, addresses(), options(kFits));
  Probers big(near_, addresses(), options(kBeyondTheRouter));
  for (int i = 0; i < 5; ++i) {
    big.probe_and_finish();
    small.probe_and_finish();
  }
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(small.ledger(i).replied, 5U);
    EXPECT_EQ(big.ledger(i).failed_total(), 5U);
  }
}

TEST_P(IcmpFragments, TheBitIsOnTheWire) {
  support::Capture capture(near_, "veth0", far_link_.b4);
  Probers probers(near_, {far_link_.b4}, options(kBeyondTheRouter));
  probers.probe_and_finish();
  int seen = 0;
  for (const auto& [time, packet] : capture.finish()) {
    if (!packet.is_echo_request()) continue;
    ++seen;
    EXPECT_TRUE(packet.dont_fragment);
  }
  EXPECT_EQ(seen, 1);
}

INSTANTIATE_TEST_SUITE_P(Sockets, IcmpFragments, testing::Bool(),
                         [](const auto& privileged) { return privileged.param ? "raw" : "ping"; });

}  // namespace
}  // namespace rtt::probers::icmp
