// The host has no more of something: disk, descriptors, memory, series.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "configuration.h"
#include "fault_bed.h"
#include "support/memory_cgroup.h"
#include "support/nobody.h"
#include "support/setup_error.h"
#include "support/socket.h"
#include "support/tcp_service.h"

namespace rtt::integration {
namespace {

using support::Daemon;
using support::HttpConnection;
using support::MemoryCgroup;
using support::Namespace;
using support::Scrape;
using ::testing::HasSubstr;

constexpr const char* kDropped = "rtt_exporter_log_lines_dropped_total";
constexpr const char* kReloadSuccessful = "rtt_exporter_config_last_reload_successful";

const std::string kSelf = passive(true, true) +
                          "echo_server: {listen: [\"127.0.0.1:10007\"]}\n"
                          "probes:\n  ping: {method: icmp, interval: 50ms}\n"
                          "targets:\n  - {name: far, hosts: [127.0.0.1], probes: [ping]}\n";

// stderr is a file on a file system of its own, which another file fills.
class DiskFault : public ::testing::Test {
 protected:
  std::string log() { return support::read_file(outside("log")); }
  // The program's mounts, seen from here.
  std::string outside(const std::string& name) {
    return "/proc/" + std::to_string(daemon_.process().pid()) + "/root" + disk_.path() + "/" + name;
  }
  std::string fill_disk() const {
    return "mount -t tmpfs -o size=64k disk " + disk_.path() + "\nexec 2>>" + disk_.path() +
           "/log\nhead -c 1M /dev/zero >" + disk_.path() + "/filler || true\n";
  }

  support::TemporaryDirectory disk_;
  Namespace here_;
  Daemon daemon_{here_, Daemon::Options{.config = kSelf, .before = fill_disk()}};
  Watch watch_{daemon_};
};

TEST_F(DiskFault, LinesThatTheLogLosesAreCountedAndMeasuringGoesOn) {
  const Scrape before = watch_.scrape();
  EXPECT_GT(before.value(kDropped), 0);
  EXPECT_EQ(daemon_.reload().status, 200);
  const Scrape after = watch_.until([&](const Scrape& now) {
    return replied(now, "icmp") > replied(before, "icmp") + 5 &&
           now.value(kDropped) > before.value(kDropped);
  });
  EXPECT_EQ(after.value(kReloadSuccessful), 1);
}

TEST_F(DiskFault, TheLogGoesOnWhenThereIsRoomAgain) {
  ASSERT_EQ(::truncate(outside("filler").c_str(), 0), 0);
  const Scrape before = watch_.scrape();
  ASSERT_EQ(daemon_.reload().status, 200);
  EXPECT_THAT(log(), HasSubstr("msg=\"configuration reloaded\""));
  EXPECT_EQ(watch_.scrape().value(kDropped), before.value(kDropped));
}

class DescriptorFault : public FaultTest {
 protected:
  // As the user that the daemon is by now: to change another user's limits takes CAP_SYS_RESOURCE, which
  // root in a container does not have.
  void exchange_limit(const rlimit* wanted, rlimit* before) {
    int status = -1;
    std::thread([&] {
      support::become_nobody();
      status = ::prlimit(daemon_.process().pid(), RLIMIT_NOFILE, wanted, before);
    }).join();
    if (status != 0) throw support::SetupError("prlimit fails");
  }
  void set_limit(rlim_t limit) {
    rlimit wanted = before_;
    wanted.rlim_cur = limit;
    exchange_limit(&wanted, nullptr);
  }
  // No further descriptor can be opened; those that are open stay.
  void exhaust() {
    watch_.until_measured();
    before_fault_ = scraper_watch_.scrape();
    exchange_limit(nullptr, &before_);
    set_limit(3);
  }
  Scrape until_connects_fail() {
    return scraper_watch_.until([&](const Scrape& now) {
      return failed(now, "tcp_connect", "send_error") >=
             failed(before_fault_, "tcp_connect", "send_error") + 5;
    });
  }

  HttpConnection scraper_{{.where = &here_}};  // accepted before
  Watch scraper_watch_{scraper_};
  Scrape before_fault_;
  rlimit before_{};
};

TEST_F(DescriptorFault, CostsTheProbesThatNeedOneAndNoOther) {
  exhaust();
  const Scrape during = until_connects_fail();
  scraper_watch_.until([&](const Scrape& now) {
    for (const char* method : {"icmp", "tcp_echo", "udp_echo", "http"}) {
      if (replied(now, method) < replied(during, method) + 3) return false;
    }
    return now.sum("rtt_exporter_tcp_info_polls_total") >
           during.sum("rtt_exporter_tcp_info_polls_total");
  });
  EXPECT_GT(during.value("process_resident_memory_bytes"), 0);
}

TEST_F(DescriptorFault, RefusesAReloadAndTheOldConfigurationGoesOn) {
  exhaust();
  daemon_.process().signal(SIGHUP);
  const Scrape refused =
      scraper_watch_.until([](const Scrape& now) { return now.value(kReloadSuccessful) == 0; });
  scraper_watch_.until(
      [&](const Scrape& now) { return replied(now, "icmp") > replied(refused, "icmp") + 3; });
  EXPECT_EQ(lines_with(daemon_.process().errors(), "reload refused"), 1);
  set_limit(before_.rlim_cur);
  EXPECT_EQ(daemon_.reload().status, 200);
  watch_.until_measured();
}

TEST_F(DescriptorFault, LeavesNothingBehind) {
  const auto open = [](const Scrape& scrape) { return *scrape.value("process_open_fds"); };
  exhaust();
  const int lines = log_lines(daemon_);
  until_connects_fail();
  set_limit(before_.rlim_cur);
  watch_.until_measured();
  // One more or less for a connect in flight.
  watch_.until([&](const Scrape& now) { return open(now) <= open(before_fault_) + 1; });
  EXPECT_EQ(log_lines(daemon_), lines);
}

Daemon::Options with_descriptors(int most) {
  return {
      .config = kSelf, .before = "ulimit -n " + std::to_string(most) + "\n", .wait_ready = false};
}

TEST(DescriptorLimit, OfTooFewIsOneErrorAndExitCode1) {
  const Namespace here;
  for (const int most : {32, 127}) {
    Daemon daemon(here, with_descriptors(most));
    EXPECT_EQ(daemon.process().wait(std::chrono::seconds(10)), 1) << most;
    EXPECT_THAT(daemon.process().errors(),
                HasSubstr("RLIMIT_NOFILE allows " + std::to_string(most)));
    EXPECT_EQ(log_lines(daemon), 1) << daemon.process().errors();
  }
}

TEST(DescriptorLimit, OfJustEnoughMeasuresAndReloads) {
  const Namespace here;
  Daemon::Options options = with_descriptors(128);
  options.wait_ready = true;
  Daemon daemon(here, options);
  ASSERT_EQ(daemon.reload().status, 200);
  Watch(daemon).until([](const Scrape& now) { return replied(now, "icmp") > 3; });
}

// A reload makes the maps anew; the limit has room for all else that it needs.
TEST(MapMemory, AReloadThatFindsNoneForItsMapsIsRefusedAndTheOldGoesOn) {
#ifdef RTT_SANITIZE
  GTEST_SKIP() << "AddressSanitizer's own memory does not fit below the limit";
#endif
  const auto cgroup = MemoryCgroup::create();
  if (!cgroup) GTEST_SKIP() << "this host gives a test no memory cgroup";
  const Namespace here;
  const support::TcpService echo(here, 7, support::echo);
  std::string config = "histogram: {buckets: [], native_schema: 4}\nlimits: {max_series: 50000}\n" +
                       passive(true, false) +
                       "targets:\n  - {name: service, local_ports: [7]}\n"
                       "  - name: crowd\n    networks:\n";
  for (int i = 0; i < 8000; ++i) {
    config += "      - 192.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "/32\n";
  }
  Daemon daemon(here, config);
  // Without the rules: to check those of thousands of series takes too long.
  const auto scrape = [&] { return Scrape::parse(daemon.get("/metrics").value().body).value(); };
  const auto maps = static_cast<std::uint64_t>(scrape().sum("rtt_exporter_bpf_map_bytes"));
  cgroup->add(daemon.process().pid());
  cgroup->set_limit(maps * 8 / 10);
  const auto refused = daemon.reload();
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.body, HasSubstr("Cannot allocate memory"));
  cgroup->set_limit(maps * 100);
  here.run([] {
    const auto fd = support::connect_tcp("127.0.0.1", 7);
    ASSERT_TRUE(fd.ok() && support::exchange(fd->get(), "ping"));
  });
  const Scrape after = scrape();
  EXPECT_GE(after.sum("rtt_seconds_count", {{"target", "service"}, {"method", "tcp_handshake"}}),
            1);
  EXPECT_EQ(after.value("rtt_source_up", {{"source", "tcp_probe"}}), 1);
  EXPECT_EQ(after.value(kReloadSuccessful), 0);
  EXPECT_EQ(daemon.reload().status, 200);
}

// The table is full from the beginning in trouble_test; here it fills while the program runs.
class SeriesLimit : public ::testing::Test {
 protected:
  void write_peers(int number) const {
    std::string hosts;
    for (int i = 1; i <= number; ++i) {
      hosts += (i > 1 ? ", \"127.0.0." : "\"127.0.0.") + std::to_string(i) + "\"";
    }
    directory_.write("peers.json", "[{\"targets\": [" + hosts + "]}]");
  }
  static std::size_t measured(const Scrape& scrape) {
    std::size_t number = 0;
    for (const auto& peer : scrape.samples("rtt_probes_replied_total")) number += peer.value > 0;
    return number;
  }

  const support::TemporaryDirectory directory_;
  Namespace here_;
};

TEST_F(SeriesLimit, WhatDoesNotFitIsCountedAndSaidAndTheRestIsMeasured) {
  write_peers(2);
  Daemon daemon(here_, "limits: {max_series: 4}\n" + passive(false, false) +
                           "probes: {ping: {method: icmp, interval: 50ms}}\n"
                           "targets: [{name: far, probes: [ping], files: [\"" +
                           directory_.path() + "/peers.json\"]}]\n");
  Watch watch(daemon);
  watch.until([](const Scrape& now) { return measured(now) == 2; });
  write_peers(10);
  const Scrape full = watch.until([](const Scrape& now) { return measured(now) == 4; });
  EXPECT_EQ(full.value("rtt_exporter_series"), 4);
  EXPECT_EQ(full.value("rtt_exporter_series_dropped_total"), 6);
  EXPECT_EQ(lines_with(daemon.process().errors(), "limits.max_series leaves no room"), 1);
}

}  // namespace
}  // namespace rtt::integration
