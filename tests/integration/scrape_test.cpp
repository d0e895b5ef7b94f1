// One scrape after the other while everything counts, and while other scrapers hang.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "integration/configuration.h"
#include "support/daemon.h"
#include "support/netns.h"
#include "support/scrape_rules.h"
#include "support/socket.h"
#include "support/tcp_service.h"
#include "support/traffic.h"

namespace rtt::integration {
namespace {

using support::Daemon;
using support::Namespace;
using support::Scrape;

constexpr std::uint16_t kPort = 7;
constexpr std::uint16_t kMetricsPort = 10049;
constexpr int kScrapes = 50;

class ScrapeTest : public ::testing::Test {
 protected:
  std::string config() const {
    return passive(true, true) +
           "probes:\n"
           "  ping: {method: icmp, interval: 10ms, timeout: 5s}\n"
           "  connect: {method: tcp_connect, port: 7, interval: 20ms, timeout: 5s}\n"
           "targets:\n  - name: far\n    hosts: [" +
           link_.b4 + "]\n    probes: [ping, connect]\n";
  }

  Namespace here_;
  Namespace there_;
  const support::LinkAddresses link_ = connect_by_veth(here_, there_);
  support::TcpService echo_{there_, kPort, support::echo};
  const Daemon daemon_{here_, config()};
  const support::Traffic exchanges_{here_, support::exchanges(link_.b4, kPort)};
  const support::Traffic connections_{here_, support::connections(link_.b4, kPort)};
};

TEST_F(ScrapeTest, NothingThatIsCountedEverFalls) {
  support::Counts before = support::counts_of(daemon_.scrape());
  for (int i = 0; i < kScrapes; ++i) {
    support::Counts after = support::counts_of(daemon_.scrape());
    ASSERT_THAT(support::fallen(before, after), ::testing::IsEmpty());
    before = std::move(after);
  }
  EXPECT_GT(before.size(), 100U);
}

// They have asked for the metrics and read none of them.
TEST_F(ScrapeTest, ScrapersThatHangStopNeitherProbesNorOtherScrapers) {
  std::vector<base::UniqueFd> hung;
  here_.run([&] {
    for (int i = 0; i < 100; ++i) {
      auto fd = support::connect_tcp("127.0.0.1", kMetricsPort);
      ASSERT_TRUE(fd.ok()) << fd.error().message;
      ASSERT_TRUE(support::send_all(fd->get(), "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
      hung.push_back(std::move(*fd));
    }
  });
  for (const char* method : {"icmp", "tcp_connect"}) {
    const double replied = daemon_.scrape().sum("rtt_probes_replied_total", {{"method", method}});
    (void)daemon_.scrape_until([&](const Scrape& scrape) {
      return scrape.sum("rtt_probes_replied_total", {{"method", method}}) > replied + 50;
    });
  }
  EXPECT_EQ(daemon_.scrape().sum("rtt_probes_lost_total", {{"method", "icmp"}}), 0);
}

}  // namespace
}  // namespace rtt::integration
