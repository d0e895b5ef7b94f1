#include "targets/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::targets {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

base::IpAddress address(std::string_view text) { return *base::IpAddress::parse(text); }
base::IpPrefix prefix(std::string_view text) { return *base::IpPrefix::parse(text); }

PeerTable peers(std::vector<std::string> hosts, std::vector<std::string> networks = {},
                std::vector<std::uint16_t> ports = {}) {
  config::Config config;
  config::Target& target = config.targets.emplace_back();
  target.name = "t";
  target.hosts = std::move(hosts);
  for (const std::string& network : networks) {
    target.networks.push_back({network, prefix(network)});
  }
  target.local_ports = std::move(ports);
  return PeerTable(config);
}

Classifier all_counted(const PeerTable& table) {
  return Classifier(table, std::vector<bool>(table.size(), true));
}

Classifier all_counted_but(const PeerTable& table, Slot slot) {
  std::vector<bool> counted(table.size(), true);
  counted[slot] = false;
  return Classifier(table, counted);
}

TEST(Classifier, CallsUnknownTrafficOther) {
  EXPECT_EQ(all_counted(peers({})).classify(address("10.0.0.1"), 80), kOtherSlot);
}

TEST(Classifier, LetsTheLongestPrefixWin) {
  const auto classifier = all_counted(peers({}, {"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"}));
  EXPECT_EQ(classifier.classify(address("10.1.2.3"), 0), 3U);
  EXPECT_EQ(classifier.classify(address("10.1.3.3"), 0), 2U);
  EXPECT_EQ(classifier.classify(address("10.2.0.0"), 0), 1U);
}

TEST(Classifier, TheVersionRisesWithWhatAnAddressMeans) {
  auto classifier = all_counted(peers({"db"}));
  const auto version = classifier.version();
  classifier.set_addresses(1, {address("10.0.0.5")});
  EXPECT_GT(classifier.version(), version);
}

TEST(Classifier, TheVersionStaysWhenAllAddressesDo) {
  auto classifier = all_counted(peers({"db"}));
  classifier.set_addresses(1, {address("10.0.0.5")});
  const auto version = classifier.version();
  classifier.set_addresses(1, {address("10.0.0.5")});
  EXPECT_EQ(classifier.version(), version);
}

TEST(Classifier, ClassifiesIpv6) {
  const auto classifier = all_counted(peers({}, {"2001:db8::/32", "2001:db8:1::/48"}));
  EXPECT_EQ(classifier.classify(address("2001:db8:1::7"), 0), 2U);
  EXPECT_EQ(classifier.classify(address("2001:db8:2::7"), 0), 1U);
}

TEST(Classifier, KeepsAnIpv4DefaultPrefixAwayFromIpv6) {
  const auto classifier = all_counted(peers({}, {"0.0.0.0/0"}));
  EXPECT_EQ(classifier.classify(address("192.0.2.1"), 0), 1U);
  EXPECT_EQ(classifier.classify(address("2001:db8::1"), 0), kOtherSlot);
}

TEST(Classifier, MatchesEverythingWithTheIpv6DefaultPrefix) {
  const auto classifier = all_counted(peers({}, {"::/0"}));
  EXPECT_EQ(classifier.classify(address("2001:db8::1"), 0), 1U);
}

TEST(Classifier, TreatsMappedAddressesAsIpv4) {
  const auto classifier = all_counted(peers({}, {"10.0.0.0/8"}));
  EXPECT_EQ(classifier.classify(address("::ffff:10.1.1.1"), 0), 1U);
}

TEST(Classifier, AsksTheLocalPortOnlyWithoutAPrefix) {
  const auto classifier = all_counted(peers({}, {"10.0.0.0/8"}, {443}));
  EXPECT_EQ(classifier.classify(address("192.0.2.1"), 443), 2U);
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 443), 1U);
  EXPECT_EQ(classifier.classify(address("192.0.2.1"), 80), kOtherSlot);
}

TEST(Classifier, DoesNotKnowAHostBeforeItsAddresses) {
  const auto classifier = all_counted(peers({"db"}));
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), kOtherSlot);
  EXPECT_TRUE(classifier.prefixes().empty());
}

TEST(Classifier, NamesAHostByEachOfItsAddresses) {
  auto classifier = all_counted(peers({"db"}));
  EXPECT_TRUE(classifier.set_addresses(1, {address("10.0.0.1"), address("2001:db8::1")}));
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), 1U);
  EXPECT_EQ(classifier.classify(address("2001:db8::1"), 0), 1U);
}

TEST(Classifier, PrefersAHostToABroaderNetwork) {
  auto classifier = all_counted(peers({"db"}, {"10.0.0.0/24"}));
  classifier.set_addresses(1, {address("10.0.0.1")});
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), 1U);
  EXPECT_EQ(classifier.classify(address("10.0.0.2"), 0), 2U);
}

TEST(Classifier, PrefersAConfiguredSingleAddressToAHost) {
  auto classifier = all_counted(peers({"db"}, {"10.0.0.1/32", "2001:db8::1/128"}));
  EXPECT_FALSE(classifier.set_addresses(1, {address("10.0.0.1"), address("2001:db8::1")}));
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), 2U);
  EXPECT_EQ(classifier.classify(address("2001:db8::1"), 0), 3U);
}

TEST(Classifier, KeepsAConfiguredSingleAddressWhenTheHostLeavesIt) {
  auto classifier = all_counted(peers({"db"}, {"10.0.0.1/32"}));
  classifier.set_addresses(1, {address("10.0.0.1")});
  EXPECT_FALSE(classifier.set_addresses(1, {}));
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), 2U);
}

TEST(Classifier, ForgetsTheAddressesThatAHostLeft) {
  auto classifier = all_counted(peers({"db"}));
  classifier.set_addresses(1, {address("10.0.0.1"), address("10.0.0.2")});
  EXPECT_TRUE(classifier.set_addresses(1, {address("10.0.0.2"), address("10.0.0.3")}));
  EXPECT_THAT(classifier.prefixes(),
              ElementsAre(Pair(prefix("10.0.0.2/32"), 1), Pair(prefix("10.0.0.3/32"), 1)));
}

TEST(Classifier, ReportsNoChangeForTheSameAddressesInAnotherOrder) {
  auto classifier = all_counted(peers({"db"}));
  classifier.set_addresses(1, {address("10.0.0.1"), address("10.0.0.2")});
  EXPECT_FALSE(
      classifier.set_addresses(1, {address("10.0.0.2"), address("10.0.0.1"), address("10.0.0.2")}));
}

TEST(Classifier, LetsTheLowestSlotHaveASharedAddressWhateverTheOrder) {
  auto classifier = all_counted(peers({"a", "b"}));
  EXPECT_TRUE(classifier.set_addresses(2, {address("10.0.0.1")}));
  EXPECT_TRUE(classifier.set_addresses(1, {address("10.0.0.1")}));
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), 1U);
}

TEST(Classifier, ReportsNoChangeWhenAHigherSlotJoinsOrLeavesAnAddress) {
  auto classifier = all_counted(peers({"a", "b"}));
  classifier.set_addresses(1, {address("10.0.0.1")});
  EXPECT_FALSE(classifier.set_addresses(2, {address("10.0.0.1")}));
  EXPECT_FALSE(classifier.set_addresses(2, {}));
}

TEST(Classifier, HandsASharedAddressOnWhenTheLowestSlotLeavesIt) {
  auto classifier = all_counted(peers({"a", "b"}));
  classifier.set_addresses(1, {address("10.0.0.1")});
  classifier.set_addresses(2, {address("10.0.0.1")});
  EXPECT_TRUE(classifier.set_addresses(1, {}));
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), 2U);
}

TEST(Classifier, CountsAnUncountedNetworkUnderOtherAndNotUnderABroaderOne) {
  const auto classifier = all_counted_but(peers({}, {"10.0.0.0/8", "10.1.0.0/16"}, {443}), 2);
  EXPECT_EQ(classifier.classify(address("10.1.0.1"), 443), kOtherSlot);
  EXPECT_EQ(classifier.prefixes().at(prefix("10.1.0.0/16")), kOtherSlot);
}

TEST(Classifier, CountsAnUncountedHostUnderOther) {
  auto classifier = all_counted_but(peers({"db"}, {"10.0.0.0/8"}), 1);
  EXPECT_TRUE(classifier.set_addresses(1, {address("10.0.0.1")}));
  EXPECT_EQ(classifier.classify(address("10.0.0.1"), 0), kOtherSlot);
  EXPECT_EQ(classifier.prefixes().at(prefix("10.0.0.1/32")), kOtherSlot);
}

TEST(Classifier, CountsAnUncountedLocalPortUnderOther) {
  const auto classifier = all_counted_but(peers({}, {}, {443, 80}), 1);
  EXPECT_EQ(classifier.classify(address("192.0.2.1"), 443), kOtherSlot);
  EXPECT_THAT(classifier.local_ports(), UnorderedElementsAre(Pair(443, kOtherSlot), Pair(80, 2)));
}

TEST(Classifier, ListsNetworksAndHostsAsPrefixes) {
  auto classifier = all_counted(peers({"db"}, {"10.0.0.0/8"}));
  classifier.set_addresses(1, {address("10.0.0.1")});
  EXPECT_THAT(classifier.prefixes(),
              UnorderedElementsAre(Pair(prefix("10.0.0.0/8"), 2), Pair(prefix("10.0.0.1/32"), 1)));
}

// A brute-force search over prefixes() is the definition of the rule.
TEST(Classifier, AgreesWithASearchOverAllPrefixes) {
  std::vector<std::string> networks;
  for (unsigned length = 1; length <= 32; ++length) {
    networks.push_back(base::IpPrefix(address("10.171.85.170"), 96 + length).to_string());
    networks.push_back(base::IpPrefix(address("10.171.85.85"), 96 + length).to_string());
  }
  std::sort(networks.begin(), networks.end());
  networks.erase(std::unique(networks.begin(), networks.end()), networks.end());
  const auto classifier = all_counted(peers({}, networks));
  const auto prefixes = classifier.prefixes();
  for (unsigned bit = 0; bit < 32; ++bit) {
    auto bytes = address("10.171.85.170").bytes();
    bytes[12 + bit / 8] ^= static_cast<std::uint8_t>(0x80U >> (bit % 8));
    const base::IpAddress remote(bytes);
    Slot expected = kOtherSlot;
    unsigned best = 0;
    for (const auto& [candidate, slot] : prefixes) {
      if (candidate.contains(remote) && candidate.length_in_128() >= best) {
        best = candidate.length_in_128();
        expected = slot;
      }
    }
    EXPECT_EQ(classifier.classify(remote, 0), expected) << remote.to_string();
  }
}

}  // namespace
}  // namespace rtt::targets
