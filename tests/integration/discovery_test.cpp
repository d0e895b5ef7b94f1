// Peers that come and go while the program runs: from files, from DNS, from real connections.
#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "configuration.h"
#include "dns_bed.h"
#include "support/tcp_service.h"
#include "support/temporary_directory.h"
#include "support/traffic.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::DnsBehaviour;
using support::LabelSet;
using support::Namespace;
using support::Scrape;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::UnorderedElementsAre;

using Peers = std::set<std::string>;

const std::string kPing =
    "passive: {tcp_probe: {enabled: false}, tcp_info: {enabled: false}}\n"
    "probes: {ping: {method: icmp, interval: 20ms, timeout: 10s}}\n"
    "targets:\n";

Peers peers(const Scrape& scrape, const LabelSet& labels = {}) {
  Peers peers;
  for (const auto& sample : scrape.samples("rtt_probes_sent_total", labels)) {
    peers.insert(sample.labels.at("peer"));
  }
  return peers;
}

double replied(const Scrape& scrape, const std::string& peer) {
  return scrape.sum("rtt_probes_replied_total", {{"peer", peer}});
}

double discovered(const Scrape& scrape, const std::string& source) {
  return scrape.value("rtt_exporter_discovered_peers", {{"source", source}}).value_or(-1);
}

double errors(const Scrape& scrape, const std::string& source) {
  return scrape.value("rtt_exporter_discovery_errors_total", {{"source", source}}).value_or(-1);
}

class FilesTest : public ::testing::Test {
 protected:
  std::string config(const std::string& more = "") const {
    return kPing + "  - {name: rack, labels: {site: fra}, probes: [ping], hosts: [127.0.0.2], " +
           "files: [" + files_.path() + "/*.json]}\n" + more;
  }
  // As configuration management replaces a file.
  void replace(const std::string& content) const {
    files_.write("new", content);
    std::filesystem::rename(files_.path() + "/new", files_.path() + "/peers.json");
  }
  static std::string group(const std::string& hosts, const std::string& rack) {
    return R"([{"targets": [)" + hosts + R"(], "labels": {"rack": ")" + rack + R"("}}])";
  }
  // Once the peers are these.
  static Scrape until(const Daemon& daemon, const Peers& wanted) {
    return daemon.scrape_until([&](const Scrape& now) { return peers(now) == wanted; });
  }

  Namespace here_;
  support::TemporaryDirectory files_;
};

TEST_F(FilesTest, ArePeersFromTheFirstScrapeOn) {
  replace(group(R"("127.0.0.3:9100", "127.0.0.4")", "1"));
  const Daemon daemon(here_, config());
  const Scrape scrape = daemon.scrape();
  EXPECT_THAT(peers(scrape), UnorderedElementsAre("127.0.0.2", "127.0.0.3", "127.0.0.4"));
  EXPECT_EQ(discovered(scrape, "file"), 2);
}

TEST_F(FilesTest, GiveTheirLabelsBesideThoseOfTheTarget) {
  replace(group(R"("127.0.0.3")", "1"));
  const Daemon daemon(here_, config());
  const Scrape scrape = daemon.scrape();
  EXPECT_THAT(peers(scrape, {{"target", "rack"}, {"rack", "1"}, {"site", "fra"}}),
              UnorderedElementsAre("127.0.0.3"));
  EXPECT_THAT(peers(scrape, {{"target", "rack"}, {"rack", "1"}}),
              UnorderedElementsAre("127.0.0.3"));
}

TEST_F(FilesTest, AreFollowedWhenTheyAreReplaced) {
  replace(group(R"("127.0.0.3", "127.0.0.4")", "1"));
  const Daemon daemon(here_, config());
  const Scrape before = daemon.scrape_until([](const Scrape& now) {
    return replied(now, "127.0.0.2") > 5 && replied(now, "127.0.0.4") > 5;
  });
  replace(group(R"("127.0.0.4", "127.0.0.5")", "1"));
  const Scrape after = until(daemon, {"127.0.0.2", "127.0.0.4", "127.0.0.5"});
  EXPECT_GE(replied(after, "127.0.0.2"), replied(before, "127.0.0.2"));
  EXPECT_GE(replied(after, "127.0.0.4"), replied(before, "127.0.0.4"));
  (void)daemon.scrape_until([](const Scrape& now) { return replied(now, "127.0.0.5") > 5; });
  EXPECT_EQ(daemon.scrape().sum("rtt_probes_failed_total"), 0);  // nothing was started anew
}

TEST_F(FilesTest, ThatAreBrokenKeepTheirPeers) {
  replace(group(R"("127.0.0.3")", "1"));
  const Daemon daemon(here_, config());
  replace("[{");
  const Scrape broken =
      daemon.scrape_until([](const Scrape& now) { return errors(now, "file") > 0; });
  EXPECT_THAT(peers(broken), UnorderedElementsAre("127.0.0.2", "127.0.0.3"));
  replace(group(R"("127.0.0.4")", "1"));
  (void)until(daemon, {"127.0.0.2", "127.0.0.4"});
}

TEST_F(FilesTest, ThatAreRemovedTakeTheirPeers) {
  replace(group(R"("127.0.0.3")", "1"));
  const Daemon daemon(here_, config());
  ASSERT_EQ(peers(daemon.scrape()).size(), 2U);
  std::filesystem::remove(files_.path() + "/peers.json");
  (void)daemon.scrape_until([](const Scrape& now) {
    return peers(now) == Peers{"127.0.0.2"} && discovered(now, "file") == 0;
  });
}

TEST_F(FilesTest, StayInForceOverAReload) {
  replace(group(R"("127.0.0.3")", "1"));
  const Daemon daemon(here_, config());
  const Scrape before =
      daemon.scrape_until([](const Scrape& now) { return replied(now, "127.0.0.3") > 5; });
  daemon.write_config(config("  - {name: more, hosts: [127.0.0.9], probes: [ping]}\n"));
  ASSERT_EQ(daemon.reload().status, 200);
  const Scrape after = daemon.scrape();
  EXPECT_THAT(peers(after), UnorderedElementsAre("127.0.0.2", "127.0.0.3", "127.0.0.9"));
  EXPECT_GE(replied(after, "127.0.0.3"), replied(before, "127.0.0.3"));
}

TEST_F(FilesTest, OfARefusedReloadAreNotTaken) {
  replace(group(R"("127.0.0.3")", "1"));
  const Daemon daemon(here_, config());
  daemon.write_config("histogram: {buckets: [0.1]}\n" + kPing +
                      "  - {name: other, hosts: [127.0.0.9], probes: [ping]}\n");
  ASSERT_EQ(daemon.reload().status, 500);
  replace(group(R"("127.0.0.4")", "1"));
  (void)until(daemon, {"127.0.0.2", "127.0.0.4"});
}

TEST_F(FilesTest, AreNamedRelativeToTheConfiguration) {
  const std::string config =
      files_.write("rtt.yml", kPing + "  - {name: rack, probes: [ping], files: [peers.json]}\n");
  replace(group(R"("127.0.0.3")", "1"));
  const Daemon daemon(here_, Daemon::Options{.arguments = {"--config.file=" + config}});
  EXPECT_THAT(peers(daemon.scrape()), UnorderedElementsAre("127.0.0.3"));
}

class MeshTest : public ::testing::Test {
 protected:
  static Daemon::Options options(const std::string& more = "") {
    return DnsBed::options(kEagerDns + kPing + "  - {name: mesh, dns_peers: [mesh.test], " +
                           "probes: [ping]" + more + "}\n");
  }
  // So many peers, and that for several lookups.
  Scrape settled(const Daemon& daemon, std::size_t count) {
    (void)daemon.scrape_until([&](const Scrape& now) { return peers(now).size() == count; });
    const int before = bed_.dns->queries("mesh.test");
    return daemon.scrape_until(
        [&](const Scrape&) { return bed_.dns->queries("mesh.test") > before + 10; });
  }

  DnsBed bed_;
};

TEST_F(MeshTest, EveryAddressIsAPeerExceptThisHost) {
  bed_.dns->set("mesh.test", {"127.0.0.1", "127.0.0.11", "127.0.0.12"});
  const Daemon daemon(bed_.here, options());
  const Scrape scrape = settled(daemon, 2);
  EXPECT_THAT(peers(scrape, {{"target", "mesh"}}),
              UnorderedElementsAre("127.0.0.11", "127.0.0.12"));
  EXPECT_EQ(discovered(scrape, "dns"), 2);
}

TEST_F(MeshTest, MaxPeersPicksAStableSubset) {
  bed_.dns->set("mesh.test",
                {"127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14", "127.0.0.15"});
  const Daemon daemon(bed_.here, options(", max_peers: 3"));
  const Peers before = peers(settled(daemon, 3));
  bed_.dns->set("mesh.test",
                {"127.0.0.15", "127.0.0.14", "127.0.0.13", "127.0.0.12", "127.0.0.11"});
  EXPECT_EQ(peers(settled(daemon, 3)), before);
}

TEST_F(MeshTest, APeerThatVanishesIsReplacedAndTheOthersStay) {
  Peers addresses = {"127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14", "127.0.0.15"};
  bed_.dns->set("mesh.test", {addresses.begin(), addresses.end()});
  const Daemon daemon(bed_.here, options(", max_peers: 3"));
  const Scrape before = settled(daemon, 3);
  Peers staying = peers(before);
  const std::string gone = *staying.begin();
  staying.erase(gone);
  addresses.erase(gone);
  bed_.dns->set("mesh.test", {addresses.begin(), addresses.end()});
  const Scrape after = daemon.scrape_until([&](const Scrape& now) {
    const Peers these = peers(now);
    return these.size() == 3 && !these.contains(gone);
  });
  EXPECT_THAT(staying, IsSubsetOf(peers(after)));
  for (const std::string& peer : staying) {
    EXPECT_GE(replied(after, peer), replied(before, peer)) << peer;
  }
}

TEST_F(MeshTest, AFailingServerKeepsThePeersAndCounts) {
  bed_.dns->set("mesh.test", {"127.0.0.11", "127.0.0.12"});
  const Daemon daemon(bed_.here, options());
  (void)settled(daemon, 2);
  bed_.dns->set("mesh.test", {}, DnsBehaviour::kServerFailure);
  const Scrape failing =
      daemon.scrape_until([](const Scrape& now) { return errors(now, "dns") > 0; });
  EXPECT_EQ(peers(failing).size(), 2U);
}

class PassivePeersTest : public ::testing::Test {
 protected:
  std::string config(const std::string& more = "") const {
    return passive(false, true) +
           "probes: {ping: {method: icmp, interval: 20ms, timeout: 10s}}\n"
           "discovery:\n  passive_peers: {networks: [" +
           link_.b4 + "/32], interval: 1s, expire_after: 2s, probes: [ping]}\n" + more;
  }

  Namespace here_;
  Namespace there_;
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  const support::TcpService echo_{there_, 7, support::echo};
};

TEST_F(PassivePeersTest, WhomThisHostTalksToIsPingedForAsLongAsItDoes) {
  const Daemon daemon(here_, config());
  EXPECT_THAT(peers(daemon.scrape()), IsEmpty());
  {
    const support::Traffic traffic(here_, support::exchanges(link_.b4, 7));
    (void)daemon.scrape_until([&](const Scrape& now) {
      return discovered(now, "passive") == 1 &&
             now.sum("rtt_probes_replied_total",
                     {{"target", "discovered"}, {"peer", link_.b4}, {"method", "icmp"}}) > 5 &&
             now.sum("rtt_seconds_count", {{"target", "discovered"}, {"method", "tcp_info"}}) > 0;
    });
  }
  const Scrape idle = daemon.scrape_until(
      [](const Scrape& now) { return peers(now).empty() && discovered(now, "passive") == 0; });
  for (const auto& family : idle.families()) {
    EXPECT_THAT(idle.samples(family.name, {{"target", "discovered"}}), IsEmpty()) << family.name;
  }
}

TEST_F(PassivePeersTest, AnAddressThatIsAPeerAlreadyIsNotOneAgain) {
  const Daemon daemon(here_, config("targets: [{name: far, hosts: [" + link_.b4 + "]}]\n"));
  const support::Traffic traffic(here_, support::exchanges(link_.b4, 7));
  const auto polls = [](const Scrape& scrape) {
    return scrape.value("rtt_exporter_tcp_info_polls_total").value_or(0);
  };
  const double before = polls(daemon.scrape());
  // Looked at every second, polled ten times as often.
  const Scrape after =
      daemon.scrape_until([&](const Scrape& now) { return polls(now) > before + 30; });
  EXPECT_EQ(discovered(after, "passive"), 0);
}

}  // namespace
}  // namespace rtt::integration
