// What a user relies on, on every kernel: sources that work, counts that are right, a stop that leaves nothing.
#include "support/daemon.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "kernels/kernel_bed.h"
#include "support/process.h"
#include "support/wait_until.h"

namespace rtt::kernels_test {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Scrape;
using ::testing::HasSubstr;

class DaemonTest : public KernelTest {
 protected:
  std::string far_config() const {
    return "targets:\n  - name: far\n    hosts: [" + link_.b4 + ", \"" + link_.b6 + "\"]\n";
  }
};

std::map<std::string, double> sources(const Scrape& scrape) {
  std::map<std::string, double> result;
  for (const auto& sample : scrape.samples("rtt_source_up")) {
    result[sample.labels.at("source")] = sample.value;
  }
  return result;
}

const std::map<std::string, double> kAllUp = {{"icmp", 1},     {"tcp_connect", 1}, {"tcp_echo", 1},
                                              {"udp_echo", 1}, {"http", 1},        {"tcp_probe", 1},
                                              {"tcp_info", 1}};

// All programs, maps and links of the kernel: the guest has nobody else's.
std::string bpf_objects() {
  std::string list;
  for (const char* kind : {"prog", "map", "link"}) {
    list += support::run_command({"bpftool", kind, "list"});
  }
  return list;
}

TEST_F(DaemonTest, EverySourceIsUp) {
  const Daemon daemon(here_, config());
  EXPECT_EQ(sources(daemon.scrape()), kAllUp);
}

// Not that none is lost: a host that does not run the guest for ten seconds loses some.
TEST_F(DaemonTest, EveryMethodGetsItsReplies) {
  const Daemon daemon(here_, config());
  const Scrape scrape = daemon.scrape_until([](const Scrape& now) {
    const auto replied = now.samples("rtt_probes_replied_total");
    return std::ranges::all_of(replied, [](const auto& sample) { return sample.value >= 10; });
  });
  EXPECT_EQ(scrape.samples("rtt_probes_replied_total").size(), 5);
}

TEST_F(DaemonTest, EachExchangeIsOneObservationAndEachConnectionOneHandshake) {
  const Daemon daemon(here_, far_config());
  for (const std::string& host : {link_.b4, link_.b6}) {
    connect_and_exchange(host, 100);
    exchange_on_one_connection(host, 300);
    const Scrape scrape = daemon.scrape();
    EXPECT_EQ(count(scrape, "tcp_probe", host), 400) << host;
    EXPECT_EQ(count(scrape, "tcp_handshake", host), 101) << host;
  }
}

TEST_F(DaemonTest, ReloadKeepsTheCounts) {
  const Daemon daemon(here_, far_config());
  exchange_on_one_connection(link_.b4, 50);
  ASSERT_EQ(daemon.reload().status, 200);
  EXPECT_EQ(count(daemon.scrape(), "tcp_probe", link_.b4), 50) << "right after the reload";
  exchange_on_one_connection(link_.b4, 50);
  EXPECT_EQ(count(daemon.scrape(), "tcp_probe", link_.b4), 100);
}

TEST_F(DaemonTest, CostAndMemoryOfTheBpfProgramsAreKnown) {
  const Daemon daemon(here_, far_config());
  exchange_on_one_connection(link_.b4, 50);
  const Scrape scrape = daemon.scrape();
  EXPECT_GE(scrape.sum("rtt_exporter_bpf_runs_total", {{"program", "tcp_probe"}}), 50);
  EXPECT_GT(scrape.sum("rtt_exporter_bpf_run_seconds_total"), 0);
  for (const auto& map : scrape.samples("rtt_exporter_bpf_map_bytes")) {
    EXPECT_GT(map.value, 0) << map.labels.at("map");
  }
}

TEST_F(DaemonTest, StopLeavesNothingInTheKernel) {
  const std::string before = bpf_objects();
  Daemon daemon(here_, config());
  ASSERT_THAT(bpf_objects(), HasSubstr("tcp_handshake"));
  ASSERT_EQ(daemon.stop(1min), 0);
  // The kernel frees them a moment after the last reference is gone.
  EXPECT_TRUE(support::wait_until([&] { return bpf_objects() == before; }, 30s, 500ms))
      << bpf_objects();
}

// For promtool, which is outside: tests/kernels/run.
TEST_F(DaemonTest, PageIsForPromtool) {
  const Daemon daemon(here_, config());
  connect_and_exchange(link_.b4, 10);
  const auto page = daemon.get("/metrics");
  ASSERT_TRUE(page.ok()) << page.error().message;
  std::ofstream file("/page");
  file << page->body;
  EXPECT_TRUE(file.flush()) << "cannot write /page";
}

}  // namespace
}  // namespace rtt::kernels_test
