#include "targets/peer_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::targets {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

config::Config two_targets() {
  config::Config config;
  config::Target& db = config.targets.emplace_back();
  db.name = "db";
  db.labels = {{"site", "fra"}};
  db.hosts = {"db1.example.net", "10.0.0.5"};
  db.networks = {{"10.1.0.0/16", *base::IpPrefix::parse("10.1.0.0/16")}};
  db.local_ports = {443};
  db.probes = {1, 0};
  config::Target& web = config.targets.emplace_back();
  web.name = "web";
  web.hosts = {"www.example.net"};
  return config;
}

TEST(PeerTable, HasOtherInSlotZeroEvenWithoutTargets) {
  const PeerTable table{config::Config()};
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table.peer(kOtherSlot).kind, PeerKind::kOther);
  EXPECT_EQ(table.peer(kOtherSlot).target, "other");
  EXPECT_EQ(table.peer(kOtherSlot).label, "");
}

TEST(PeerTable, KeepsTheOrderOfTheConfiguration) {
  const PeerTable table(two_targets());
  std::vector<std::string> labels;
  for (const Peer& peer : table.peers()) labels.push_back(peer.label);
  EXPECT_THAT(labels, ElementsAre("", "db1.example.net", "10.0.0.5", "10.1.0.0/16", ":443",
                                  "www.example.net"));
}

TEST(PeerTable, NamesTheTargetOfEachPeer) {
  const PeerTable table(two_targets());
  EXPECT_EQ(table.peer(4).target, "db");
  EXPECT_EQ(table.peer(5).target, "web");
}

TEST(PeerTable, GivesEveryPeerTheLabelsOfItsTarget) {
  const PeerTable table(two_targets());
  for (const Slot slot : {1U, 3U, 4U}) {
    EXPECT_THAT(table.peer(slot).constant_labels, ElementsAre(Pair("site", "fra")));
  }
  EXPECT_THAT(table.peer(5).constant_labels, IsEmpty());
}

TEST(PeerTable, ProbesOnlyHosts) {
  const PeerTable table(two_targets());
  EXPECT_THAT(table.peer(1).probes, ElementsAre(1, 0));
  EXPECT_THAT(table.peer(3).probes, IsEmpty());
  EXPECT_THAT(table.peer(4).probes, IsEmpty());
}

TEST(PeerTable, KeepsPrefixAndLocalPort) {
  const PeerTable table(two_targets());
  EXPECT_EQ(table.peer(3).kind, PeerKind::kPrefix);
  EXPECT_EQ(table.peer(3).prefix, *base::IpPrefix::parse("10.1.0.0/16"));
  EXPECT_EQ(table.peer(4).kind, PeerKind::kLocalPort);
  EXPECT_EQ(table.peer(4).local_port, 443);
}

}  // namespace
}  // namespace rtt::targets
