// Passive series that say who owns the sockets, with real cgroups and traffic that is known exactly.
#include <gmock/gmock.h>

#include "support/cgroup.h"
#include "support/daemon.h"
#include "support/netns.h"
#include "support/socket.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using support::connect_tcp;
using support::Daemon;
using support::exchange;
using support::LabelSet;
using support::Namespace;
using support::Scrape;

constexpr std::uint16_t kEchoPort = 7;
const std::string kContainer(64, 'c');
const std::string kPod = "6f1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c";
const std::string kPodPath = "kubepods/burstable/pod" + kPod + "/" + kContainer;

class OwnersTest : public ::testing::Test {
 protected:
  // Names the far end only, so that the connections' other half is not counted with them.
  std::string config(const std::string& labels = "unit, container, pod",
                     const std::string& more = "") const {
    return "passive:\n  labels: [" + labels + "]\n  tcp_info: {interval: 100ms}\n" + more +
           "targets:\n  - name: far\n    networks: [" + link_.b4 + "/32]\n";
  }

  void connect_and_exchange(int connections) const {
    here_.run([&] {
      for (int i = 0; i < connections; ++i) {
        const auto fd = connect_tcp(link_.b4, kEchoPort);
        ASSERT_TRUE(fd.ok()) << fd.error().message;
        ASSERT_TRUE(exchange(fd->get(), "ping"));
      }
    });
  }
  void connect_and_exchange_in(const std::string& cgroup, int connections) const {
    cgroups_.run_in(cgroup, [&] { connect_and_exchange(connections); });
  }

  static double count(const Scrape& scrape, const std::string& method, LabelSet labels) {
    labels.insert({{"target", "far"}, {"method", method}});
    return scrape.sum("rtt_seconds_count", labels);
  }
  static double count_of_unit(const Scrape& scrape, const std::string& unit) {
    return count(scrape, "tcp_probe", {{"unit", unit}});
  }
  // Until every cgroup that is there has been told to the kernel.
  static void wait_for_walk(const Daemon& daemon) {
    (void)daemon.scrape_until(
        [](const Scrape& now) { return now.value("rtt_exporter_cgroups").value_or(0) > 0; });
  }
  static void wait_for_owners(const Daemon& daemon, double owners) {
    (void)daemon.scrape_until(
        [&](const Scrape& now) { return now.value("rtt_exporter_owners") == owners; });
  }
  // For what an unlabelled daemon would have counted: the exchanges of all owners.
  static double count_of_all(const Scrape& scrape) { return count(scrape, "tcp_probe", {}); }

  Namespace here_;
  Namespace there_;
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  support::TcpService echo_{there_, kEchoPort, support::echo};
  support::Cgroups cgroups_;
};

TEST_F(OwnersTest, EachExchangeCountsUnderItsOwner) {
  cgroups_.make("system.slice/a.service");
  cgroups_.make(kPodPath);
  const Daemon daemon(here_, config());
  wait_for_walk(daemon);
  connect_and_exchange_in("system.slice/a.service", 30);
  connect_and_exchange_in(kPodPath, 20);
  connect_and_exchange(10);
  const Scrape scrape = daemon.scrape();
  const LabelSet unit = {{"unit", "a.service"}, {"container", ""}, {"pod", ""}};
  const LabelSet pod = {{"unit", ""}, {"container", kContainer}, {"pod", kPod}};
  const LabelSet nobody = {{"unit", ""}, {"container", ""}, {"pod", ""}};
  for (const char* method : {"tcp_probe", "tcp_handshake"}) {
    EXPECT_EQ(count(scrape, method, unit), 30) << method;
    EXPECT_EQ(count(scrape, method, pod), 20) << method;
    EXPECT_EQ(count(scrape, method, nobody), 10) << method;
  }
}

TEST_F(OwnersTest, OnlyTheLabelsThatAreWantedTellOwnersApart) {
  cgroups_.make(kPodPath);
  cgroups_.make("kubepods/burstable/pod" + kPod + "/" + std::string(64, 'd'));
  const Daemon daemon(here_, config("pod"));
  wait_for_walk(daemon);
  connect_and_exchange_in(kPodPath, 3);
  connect_and_exchange_in("kubepods/burstable/pod" + kPod + "/" + std::string(64, 'd'), 4);
  const Scrape scrape = daemon.scrape();
  EXPECT_EQ(count(scrape, "tcp_probe", {{"pod", kPod}}), 7);
  for (const auto& sample : scrape.samples("rtt_seconds_count", {{"pod", kPod}})) {
    EXPECT_FALSE(sample.labels.contains("unit") || sample.labels.contains("container"));
  }
}

TEST_F(OwnersTest, ACgroupThatComesLaterIsSeen) {
  const Daemon daemon(here_, config("unit"));
  wait_for_walk(daemon);
  cgroups_.make("system.slice/later.service");
  (void)daemon.scrape_until([&](const Scrape& now) {
    connect_and_exchange_in("system.slice/later.service", 1);
    return count_of_unit(now, "later.service") > 0;
  });
  const double before = count_of_unit(daemon.scrape(), "later.service");
  connect_and_exchange_in("system.slice/later.service", 25);
  EXPECT_EQ(count_of_unit(daemon.scrape(), "later.service") - before, 25);
}

TEST_F(OwnersTest, WhatACgroupDidBeforeItWentIsStillItsOwn) {
  cgroups_.make("system.slice/brief.service");
  const Daemon daemon(here_, config("unit"));
  wait_for_walk(daemon);
  const double owners = daemon.scrape().value("rtt_exporter_owners").value();
  connect_and_exchange_in("system.slice/brief.service", 12);
  cgroups_.remove("system.slice/brief.service");
  wait_for_owners(daemon, owners - 1);
  EXPECT_EQ(count_of_unit(daemon.scrape(), "brief.service"), 12);
}

TEST_F(OwnersTest, PastTheLimitWhatIsCountedGoesToThePeer) {
  cgroups_.make("system.slice/a.service");
  cgroups_.make("system.slice/b.service");
  // Three of "other", three of the peer, and three of one owner.
  const Daemon daemon(here_, config("unit") + "limits: {max_series: 9}\n");
  wait_for_walk(daemon);
  const double before = count_of_all(daemon.scrape());
  connect_and_exchange_in("system.slice/a.service", 10);
  connect_and_exchange_in("system.slice/b.service", 10);
  const Scrape scrape = daemon.scrape();
  EXPECT_EQ(count_of_all(scrape) - before, 20);
  EXPECT_LE(scrape.value("rtt_exporter_series").value(), 9);
  EXPECT_GE(scrape.value("rtt_exporter_owner_unlabelled_total", {{"reason", "no_room"}}).value(),
            10);
}

TEST_F(OwnersTest, SeriesGoWhenNothingIsCountedAndBeginAnew) {
  cgroups_.make("system.slice/a.service");
  const Daemon daemon(here_, config("unit", "  labels_expire_after: 4s\n"));
  wait_for_walk(daemon);
  connect_and_exchange_in("system.slice/a.service", 10);
  EXPECT_EQ(count_of_unit(daemon.scrape(), "a.service"), 10);
  (void)daemon.scrape_until([](const Scrape& now) {
    return now.samples("rtt_seconds_count", {{"target", "far"}, {"unit", "a.service"}}).empty();
  });
  connect_and_exchange_in("system.slice/a.service", 5);
  EXPECT_EQ(count_of_unit(daemon.scrape(), "a.service"), 5);
}

TEST_F(OwnersTest, AReloadLosesAndDoublesNothing) {
  cgroups_.make("system.slice/a.service");
  const Daemon daemon(here_, config("unit"));
  wait_for_walk(daemon);
  for (int i = 0; i < 5; ++i) {
    connect_and_exchange_in("system.slice/a.service", 10);
    ASSERT_EQ(daemon.reload().status, 200);
  }
  EXPECT_EQ(count_of_unit(daemon.scrape(), "a.service"), 50);
}

TEST_F(OwnersTest, ConnectionsArePolledUnderTheirOwner) {
  cgroups_.make("system.slice/a.service");
  const Daemon daemon(here_, config("unit"));
  wait_for_walk(daemon);
  const LabelSet labels = {{"target", "far"}, {"unit", "a.service"}};
  base::UniqueFd open;
  cgroups_.run_in("system.slice/a.service", [&] {
    here_.run([&] {
      open = connect_tcp(link_.b4, kEchoPort).value();
      ASSERT_TRUE(exchange(open.get(), "ping"));
    });
  });
  (void)daemon.scrape_until([&](const Scrape& now) {
    return now.value("rtt_tcp_connections", labels) == 1 && count(now, "tcp_info", labels) > 0;
  });
  open.reset();
  (void)daemon.scrape_until(
      [&](const Scrape& now) { return now.value("rtt_tcp_connections", labels) == 0; });
}

TEST_F(OwnersTest, ThousandsOfCgroupsAreWalked) {
  constexpr int kCgroups = 2000;
  for (int i = 0; i < kCgroups; ++i) {
    cgroups_.make("system.slice/many" + std::to_string(i) + ".service");
  }
  const Daemon daemon(here_, config("unit"));
  (void)daemon.scrape_until(
      [](const Scrape& now) { return now.value("rtt_exporter_owners").value_or(0) >= kCgroups; });
}

}  // namespace
}  // namespace rtt::integration
