// What the requests of one series have in common, and what their replies say of the path.
#include <map>

#include "integration/icmp_bed.h"
#include "support/capture.h"

namespace rtt::probers::icmp {
namespace {

/// By whether the process is privileged: raw or ping sockets.
class IcmpPaths : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] BedOptions options() const { return {.privileged = GetParam()}; }
  [[nodiscard]] std::vector<std::string> addresses() const { return {link_.b4, link_.b6}; }
  void set_far_ttl(const std::string& value) const {
    far_.sysctl("ipv4/ip_default_ttl", value);
    far_.sysctl("ipv6/conf/veth0/hop_limit", value);
  }
  /// How many requests there were of each identifier.
  [[nodiscard]] static std::map<std::uint16_t, int> identifiers(
      const std::vector<support::CapturedPacket>& captured) {
    std::map<std::uint16_t, int> counts;
    for (const auto& [time, packet] : captured) {
      if (packet.is_echo_request()) ++counts[packet.icmp_identifier];
    }
    return counts;
  }

  Namespace near_;
  Namespace far_;
  support::LinkAddresses link_ = support::connect_by_veth(near_, far_);
};

TEST_P(IcmpPaths, OneIdentifierIsTheDefault) {
  for (const std::string& address : addresses()) {
    support::Capture capture(near_, "veth0", address);
    Probers probers(near_, {address}, options());
    for (int i = 0; i < 6; ++i) probers.probe_and_finish();
    EXPECT_EQ(identifiers(capture.finish()).size(), 1U) << address;
  }
}

TEST_P(IcmpPaths, IdentifiersTakeTurns) {
  for (const std::string& address : addresses()) {
    support::Capture capture(near_, "veth0", address);
    BedOptions four = options();
    four.identifiers = 4;
    Probers probers(near_, {address}, four);
    for (int i = 0; i < 8; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().replied, 8U);
    const auto counts = identifiers(capture.finish());
    EXPECT_EQ(counts.size(), 4U) << address;
    for (const auto& [identifier, count] : counts) EXPECT_EQ(count, 2) << address;
  }
}

TEST_P(IcmpPaths, PeersShareTheIdentifiers) {
  support::Capture capture(near_, "veth0", link_.b4);
  BedOptions four = options();
  four.identifiers = 4;
  Probers probers(near_, std::vector<std::string>(10, link_.b4), four);
  for (int i = 0; i < 4; ++i) probers.probe_and_finish();
  EXPECT_EQ(identifiers(capture.finish()).size(), 4U);
}

TEST_P(IcmpPaths, AnotherTtlOfTheRepliesIsOnePathChange) {
  for (const std::string& address : addresses()) {
    set_far_ttl("64");
    Probers probers(near_, {address}, options());
    for (int i = 0; i < 3; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().path_changes, 0U) << address;
    set_far_ttl("61");
    for (int i = 0; i < 3; ++i) probers.probe_and_finish();
    EXPECT_EQ(probers.ledger().path_changes, 1U) << address;
  }
}

TEST_P(IcmpPaths, EveryIdentifierIsComparedWithItself) {
  BedOptions four = options();
  four.identifiers = 4;
  Probers probers(near_, {link_.b4}, four);
  for (int i = 0; i < 4; ++i) probers.probe_and_finish();
  set_far_ttl("61");
  for (int i = 0; i < 8; ++i) probers.probe_and_finish();
  EXPECT_EQ(probers.ledger().path_changes, 4U);
}

TEST_P(IcmpPaths, PeersOfOneSocketAreComparedWithThemselves) {
  Probers probers(near_, {link_.b4, "127.0.0.1"}, options());
  set_far_ttl("61");
  for (int i = 0; i < 4; ++i) probers.probe_and_finish();
  EXPECT_EQ(probers.ledger(0).path_changes, 0U);
  EXPECT_EQ(probers.ledger(1).path_changes, 0U);
}

INSTANTIATE_TEST_SUITE_P(Sockets, IcmpPaths, testing::Bool(),
                         [](const auto& privileged) { return privileged.param ? "raw" : "ping"; });

}  // namespace
}  // namespace rtt::probers::icmp
