#include "targets/expansion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::targets {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Texts = std::vector<std::string>;

std::vector<base::IpAddress> addresses(const Texts& texts) {
  std::vector<base::IpAddress> addresses;
  for (const std::string& text : texts) addresses.push_back(*base::IpAddress::parse(text));
  return addresses;
}

config::Target target(const std::string& name, const Texts& hosts = {}) {
  config::Target target;
  target.name = name;
  target.hosts = hosts;
  target.probes = {0};
  return target;
}

config::Target with_files(const std::string& name, const Texts& files) {
  config::Target result = target(name);
  result.files = files;
  return result;
}

config::Target with_dns(const std::string& name, const Texts& names) {
  config::Target result = target(name);
  result.dns_peers = names;
  return result;
}

config::Config config_of(const std::vector<config::Target>& targets) {
  config::Config config;
  config.targets = targets;
  return config;
}

Texts discovered_hosts(const config::Config& config, const Expansion& expansion) {
  Texts hosts;
  for (std::size_t i = config.targets.size(); i < expansion.targets.size(); ++i) {
    for (const std::string& host : expansion.targets[i].hosts) {
      hosts.push_back(expansion.targets[i].name + " " + host);
    }
  }
  return hosts;
}

Texts expanded(const std::vector<config::Target>& targets, const Discovered& discovered) {
  const config::Config config = config_of(targets);
  return discovered_hosts(config, expand(config, discovered));
}

TEST(Expand, LeavesAConfigurationWithoutDiscoveryAsItIs) {
  const config::Config config = config_of({target("a", {"10.0.0.1"}), target("b", {"b.test"})});
  EXPECT_EQ(expand(config, {}).targets, config.targets);
}

TEST(Expand, TheHostsOfAFileArePeersOfItsTarget) {
  const Discovered found{.files = {{"/f", {{{"10.0.0.1", "db.test"}, {}}}}}};
  EXPECT_THAT(expanded({with_files("a", {"/f"})}, found), ElementsAre("a 10.0.0.1", "a db.test"));
}

TEST(Expand, DiscoveredHostsAreMeasuredAsTheirTargetSays) {
  config::Target wanted = with_files("a", {"/f"});
  wanted.probes = {2, 1};
  wanted.all_addresses = true;
  wanted.ip_family = config::IpFamily::kIpv6;
  const Discovered found{.files = {{"/f", {{{"db.test"}, {}}}}}};
  const config::Target last = expand(config_of({wanted}), found).targets.back();
  EXPECT_THAT(last.probes, ElementsAre(2, 1));
  EXPECT_TRUE(last.all_addresses);
  EXPECT_EQ(last.ip_family, config::IpFamily::kIpv6);
}

TEST(Expand, EachGroupHasItsLabels) {
  const Discovered found{
      .files = {{"/f", {{{"10.0.0.1"}, {{"rack", "1"}}}, {{"10.0.0.2"}, {{"rack", "2"}}}}}}};
  const auto targets = expand(config_of({with_files("a", {"/f"})}), found).targets;
  ASSERT_EQ(targets.size(), 3U);
  EXPECT_THAT(targets[1].labels, ElementsAre(Pair("rack", "1")));
  EXPECT_THAT(targets[2].labels, ElementsAre(Pair("rack", "2")));
}

TEST(Expand, AFilesLabelReplacesThatOfItsTarget) {
  config::Target wanted = with_files("a", {"/f"});
  wanted.labels = {{"rack", "0"}, {"site", "fra"}};
  const Discovered found{.files = {{"/f", {{{"10.0.0.1"}, {{"rack", "1"}, {"zone", "z"}}}}}}};
  EXPECT_THAT(expand(config_of({wanted}), found).targets.back().labels,
              ElementsAre(Pair("rack", "1"), Pair("site", "fra"), Pair("zone", "z")));
}

TEST(Expand, EveryAddressOfADnsNameIsAPeer) {
  const Discovered found{.dns_peers = {{"mesh.test", addresses({"10.0.0.1", "2001:db8::1"})}}};
  EXPECT_THAT(expanded({with_dns("mesh", {"mesh.test"})}, found),
              ElementsAre("mesh 10.0.0.1", "mesh 2001:db8::1"));
}

TEST(Expand, LeavesOutTheAddressesOfThisHost) {
  const Discovered found{.own_addresses = addresses({"10.0.0.1"}),
                         .dns_peers = {{"mesh.test", addresses({"10.0.0.1", "10.0.0.2"})}}};
  EXPECT_THAT(expanded({with_dns("mesh", {"mesh.test"})}, found), ElementsAre("mesh 10.0.0.2"));
}

TEST(Expand, TheFamilyOfTheTargetDecidesWhichAddressesArePeers) {
  config::Target wanted = with_dns("mesh", {"mesh.test"});
  wanted.ip_family = config::IpFamily::kIpv6;
  const Discovered found{.dns_peers = {{"mesh.test", addresses({"10.0.0.1", "2001:db8::1"})}}};
  EXPECT_THAT(expanded({wanted}, found), ElementsAre("mesh 2001:db8::1"));
}

TEST(Expand, TheFamilyOfTheTargetDecidesWhichLiteralsOfAFileArePeers) {
  config::Target wanted = with_files("a", {"/f"});
  wanted.ip_family = config::IpFamily::kIpv4;
  const Discovered found{.files = {{"/f", {{{"10.0.0.1", "2001:db8::1", "db.test"}, {}}}}}};
  EXPECT_THAT(expanded({wanted}, found), ElementsAre("a 10.0.0.1", "a db.test"));
}

TEST(Expand, AConfiguredHostGoesBeforeADiscoveredOne) {
  const Discovered found{.files = {{"/f", {{{"10.0.0.1", "10.0.0.2"}, {}}}}}};
  EXPECT_THAT(expanded({with_files("a", {"/f"}), target("b", {"10.0.0.2"})}, found),
              ElementsAre("a 10.0.0.1"));
}

TEST(Expand, AnotherSpellingIsTheSameHost) {
  const Discovered found{.files = {{"/f", {{{"DB.test.", "2001:DB8:0::1"}, {}}}}}};
  EXPECT_THAT(expanded({with_files("a", {"/f"}), target("b", {"db.test", "2001:db8::1"})}, found),
              IsEmpty());
}

TEST(Expand, TheFirstTargetThatFindsAHostHasIt) {
  const Discovered found{.files = {{"/f", {{{"10.0.0.1"}, {}}}}, {"/g", {{{"10.0.0.1"}, {}}}}}};
  EXPECT_THAT(expanded({with_files("a", {"/f"}), with_files("b", {"/g"})}, found),
              ElementsAre("a 10.0.0.1"));
}

TEST(Expand, MaxPeersBoundsFilesAndDnsOfATargetTogether) {
  config::Target wanted = with_files("a", {"/f"});
  wanted.dns_peers = {"mesh.test"};
  wanted.max_peers = 2;
  const Discovered found{.files = {{"/f", {{{"10.0.0.1", "10.0.0.2"}, {}}}}},
                         .dns_peers = {{"mesh.test", addresses({"10.0.0.3", "10.0.0.4"})}}};
  EXPECT_EQ(expanded({wanted}, found).size(), 2U);
}

TEST(Expand, MaxPeersLeavesConfiguredHostsAlone) {
  config::Target wanted = with_dns("a", {"mesh.test"});
  wanted.hosts = {"10.0.1.1", "10.0.1.2"};
  wanted.max_peers = 1;
  const Discovered found{.dns_peers = {{"mesh.test", addresses({"10.0.0.3", "10.0.0.4"})}}};
  const config::Config config = config_of({wanted});
  const Expansion expansion = expand(config, found);
  EXPECT_EQ(expansion.targets.front().hosts.size(), 2U);
  EXPECT_EQ(discovered_hosts(config, expansion).size(), 1U);
}

TEST(Expand, WhatMaxPeersLeavesOutAnotherTargetMayTake) {
  config::Target few = with_dns("few", {"mesh.test"});
  few.max_peers = 1;
  const Discovered found{.files = {{"/f", {{{"10.0.0.3", "10.0.0.4"}, {}}}}},
                         .dns_peers = {{"mesh.test", addresses({"10.0.0.3", "10.0.0.4"})}}};
  EXPECT_EQ(expanded({few, with_files("rest", {"/f"})}, found).size(), 2U);
}

TEST(Expand, PassivePeersArePeersOfTheirOwnTarget) {
  config::Config config = config_of({});
  config.passive_peers.emplace();
  config.passive_peers->probes = {1};
  const Expansion expansion =
      expand(config, {.own_addresses = addresses({"10.0.0.9"}),
                      .passive_peers = addresses({"10.0.0.1", "10.0.0.9"})});
  EXPECT_THAT(discovered_hosts(config, expansion), ElementsAre("discovered 10.0.0.1"));
  EXPECT_THAT(expansion.targets.back().probes, ElementsAre(1));
}

TEST(Expand, PassivePeersThatArePeersAlreadyAreNotAgain) {
  config::Config config = config_of({target("a", {"10.0.0.1"})});
  config.passive_peers.emplace();
  const Expansion expansion = expand(config, {.passive_peers = addresses({"10.0.0.1"})});
  EXPECT_EQ(expansion.targets.size(), 1U);
}

TEST(Expand, CountsThePeersOfEachSource) {
  config::Target wanted = with_files("a", {"/f"});
  wanted.dns_peers = {"mesh.test"};
  config::Config config = config_of({wanted});
  config.passive_peers.emplace();
  const Expansion expansion =
      expand(config, {.files = {{"/f", {{{"10.0.0.1", "10.0.0.2"}, {}}}}},
                      .dns_peers = {{"mesh.test", addresses({"10.0.0.2", "10.0.0.3"})}},
                      .passive_peers = addresses({"10.0.0.3", "10.0.0.4"})});
  EXPECT_EQ(expansion.from_files, 2U);
  EXPECT_EQ(expansion.from_dns, 1U);
  EXPECT_EQ(expansion.from_passive, 1U);
}

}  // namespace
}  // namespace rtt::targets
