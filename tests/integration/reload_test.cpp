// What a reload keeps, what it changes, and what it refuses.
#include <gmock/gmock.h>
#include <signal.h>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/socket.h"
#include "support/tcp_service.h"
#include "support/traffic.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::HttpResponse;
using support::LabelSet;
using support::Namespace;
using support::Scrape;
using ::testing::HasSubstr;

constexpr std::uint16_t kPort = 7;

const std::string kProbes =
    "probes:\n  ping: {method: icmp, interval: 20ms, timeout: 1s}\n"
    "  echo: {method: tcp_echo, port: 10007, interval: 20ms, timeout: 1s}\n"
    "echo_server:\n  listen: [\":10007\"]\n";

std::string target(const std::string& name, const std::string& host) {
  return "  - name: " + name + "\n    hosts: [" + host + "]\n    probes: [ping, echo]\n";
}

const std::string kBefore =
    kProbes + "targets:\n" + target("stays", "127.0.0.1") + target("goes", "127.0.0.2");
const std::string kAfter =
    kProbes + "targets:\n" + target("stays", "127.0.0.1") + target("comes", "127.0.0.3");

double replied(const Scrape& scrape, const std::string& target, const std::string& method) {
  return scrape.value("rtt_probes_replied_total", {{"target", target}, {"method", method}})
      .value_or(-1);
}

class ReloadTest : public ::testing::Test {
 protected:
  // With some replies to lose.
  Scrape warm_scrape() const {
    return daemon_.scrape_until([](const Scrape& scrape) {
      return replied(scrape, "stays", "icmp") > 20 && replied(scrape, "stays", "tcp_echo") > 20;
    });
  }

  HttpResponse reload_with(const std::string& config) const {
    daemon_.write_config(config);
    return daemon_.reload();
  }

  // Refused, and nothing has changed.
  void expect_refused(const std::string& config, const std::string& reason) const {
    const Scrape before = warm_scrape();
    const HttpResponse response = reload_with(config);
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, HasSubstr(reason));
    const Scrape after = daemon_.scrape();
    EXPECT_EQ(after.value("rtt_exporter_config_last_reload_successful"), 0);
    EXPECT_GE(replied(after, "goes", "icmp"), replied(before, "goes", "icmp"));
    EXPECT_GE(replied(after, "stays", "icmp"), replied(before, "stays", "icmp"));
    (void)daemon_.scrape_until([&](const Scrape& later) {
      return replied(later, "stays", "icmp") > replied(after, "stays", "icmp");
    });
  }

  Namespace here_;
  Daemon daemon_{here_, kBefore};
};

TEST_F(ReloadTest, UnchangedTargetKeepsItsCounts) {
  const Scrape before = warm_scrape();
  ASSERT_EQ(reload_with(kAfter).status, 200);
  const Scrape after = daemon_.scrape();
  for (const char* method : {"icmp", "tcp_echo"}) {
    EXPECT_GE(replied(after, "stays", method), replied(before, "stays", method)) << method;
  }
  const LabelSet passive = {{"target", "stays"}, {"method", "tcp_probe"}};
  EXPECT_GE(after.value("rtt_seconds_count", passive), before.value("rtt_seconds_count", passive));
}

TEST_F(ReloadTest, RemovedTargetGoes) {
  (void)warm_scrape();
  ASSERT_EQ(reload_with(kAfter).status, 200);
  const Scrape scrape = daemon_.scrape();
  for (const support::Family& family : scrape.families()) {
    EXPECT_TRUE(scrape.samples(family.name, {{"target", "goes"}}).empty()) << family.name;
  }
}

TEST_F(ReloadTest, AddedTargetIsThereAtZeroAndStarts) {
  (void)warm_scrape();
  ASSERT_EQ(reload_with(kAfter).status, 200);
  EXPECT_GE(replied(daemon_.scrape(), "comes", "icmp"), 0);
  (void)daemon_.scrape_until([](const Scrape& scrape) {
    return replied(scrape, "comes", "icmp") > 0 && replied(scrape, "comes", "tcp_echo") > 0;
  });
}

TEST_F(ReloadTest, UnchangedTargetGoesOnBeingProbed) {
  (void)warm_scrape();
  ASSERT_EQ(reload_with(kAfter).status, 200);
  const Scrape after = daemon_.scrape();
  (void)daemon_.scrape_until([&](const Scrape& later) {
    return replied(later, "stays", "icmp") > replied(after, "stays", "icmp") + 5 &&
           replied(later, "stays", "tcp_echo") > replied(after, "stays", "tcp_echo") + 5;
  });
}

TEST_F(ReloadTest, HangUpSignalReloads) {
  daemon_.write_config(kAfter);
  daemon_.process().signal(SIGHUP);
  (void)daemon_.scrape_until(
      [](const Scrape& scrape) { return replied(scrape, "comes", "icmp") > 0; });
}

TEST_F(ReloadTest, GoodReloadAfterABadOneIsSuccessful) {
  ASSERT_EQ(reload_with("nonsense: 1\n").status, 500);
  ASSERT_EQ(reload_with(kAfter).status, 200);
  EXPECT_EQ(daemon_.scrape().value("rtt_exporter_config_last_reload_successful"), 1);
}

TEST_F(ReloadTest, BadFileChangesNothing) {
  expect_refused("targets:\n  - name: stays\n    hosts: [127.0.0.1]\n    probes: [nobody]\n",
                 "rtt_exporter.yml:4:14: ");
}

TEST_F(ReloadTest, BadFileAtTheSignalChangesNothing) {
  (void)warm_scrape();
  daemon_.write_config("nonsense: 1\n");
  daemon_.process().signal(SIGHUP);
  const Scrape scrape = daemon_.scrape_until([](const Scrape& now) {
    return now.value("rtt_exporter_config_last_reload_successful") == 0;
  });
  EXPECT_GT(replied(scrape, "goes", "icmp"), 0);
}

TEST_F(ReloadTest, ChangedBucketGridIsRefused) {
  expect_refused("histogram: {buckets: [0.1, 0.2]}\n" + kAfter, "without a restart");
}

TEST_F(ReloadTest, ChangedEchoServerIsRefused) {
  std::string config = kAfter;
  config.replace(config.find(":10007"), 6, ":10008");
  expect_refused(config, "without a restart");
}

TEST_F(ReloadTest, GetIsNoReload) {
  const auto response = daemon_.get("/-/reload");
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 405);
}

// The kernel side is loaded anew at each reload while connections go on.
TEST(ReloadUnderTraffic, NoObservationIsLostOrCountedTwice) {
  const Namespace here;
  const Namespace there;
  const support::LinkAddresses link = connect_by_veth(here, there);
  const support::TcpService echo(there, kPort, support::echo);
  const std::string config = "targets:\n  - name: far\n    networks: [" + link.b4 + "/32]\n";
  const Daemon daemon(here, config);
  std::atomic<int> exchanges = 0;
  {
    const support::Traffic traffic(here, [&, step = support::connections(link.b4, kPort)] {
      const bool good = step();
      exchanges += good ? 1 : 0;
      return good;
    });
    for (int i = 0; i < 5; ++i) {
      const int before = exchanges;
      ASSERT_TRUE(support::wait_until([&] { return exchanges > before + 50; }));
      daemon.write_config(config + "  - name: extra" + std::to_string(i) +
                          "\n    networks: [192.0.2.0/24]\n");
      ASSERT_EQ(daemon.reload().status, 200);
    }
  }
  const Scrape scrape = daemon.scrape();
  for (const char* method : {"tcp_probe", "tcp_handshake"}) {
    EXPECT_EQ(scrape.value("rtt_seconds_count", {{"target", "far"}, {"method", method}}), exchanges)
        << method;
  }
}

}  // namespace
}  // namespace rtt::integration
