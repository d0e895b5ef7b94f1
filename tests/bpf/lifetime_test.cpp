// Hand-over, the end, and hosts that cannot run BPF.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "bpf/rtt_shared.h"
#include "instance.h"
#include "measured_link.h"
#include "passive/bpf_run_time.h"
#include "passive/tcp_probe_handover.h"
#include "support/socket.h"
#include "support/wait_until.h"

namespace rtt::bpf_test {
namespace {

using LifetimeTest = MeasuredLinkTest;

/// The numbers after `key` in the fdinfo of this process's descriptors.
std::vector<std::uint32_t> bpf_ids(const std::string& key) {
  std::vector<std::uint32_t> ids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(key)) ids.push_back(std::stoul(line.substr(key.size())));
    }
  }
  return ids;
}

bool gone(int (*open_by_id)(std::uint32_t), const std::vector<std::uint32_t>& ids) {
  for (const std::uint32_t id : ids) {
    const base::UniqueFd fd(open_by_id(id));
    if (fd || errno != ENOENT) return false;
  }
  return true;
}

/// What `function` returns in a child process that may spoil itself.
std::string in_child(const std::function<std::string()>& function) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "pipe failed";
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = function();
    [[maybe_unused]] const auto written = write(ends[1], text.data(), text.size());
    _exit(0);
  }
  close(ends[1]);
  std::string text(4096, '\0');
  const auto size = read(ends[0], text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

std::string create_error() {
  try {
    const Measurement measurement(std::vector<config::Target>{});
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

/// Exchanges without a pause on one connection per thread.
class Traffic {
 public:
  explicit Traffic(std::vector<base::UniqueFd> connections) {
    for (auto& connection : connections) {
      clients_.emplace_back([this, fd = std::move(connection)] {
        while (!stop_ && support::exchange(fd.get(), "ping")) ++exchanges_;
        tcp_info info{};
        socklen_t length = sizeof info;
        getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &length);
        retransmissions_ += info.tcpi_total_retrans;
      });
    }
  }
  ~Traffic() { stop(); }
  void stop() {
    stop_ = true;
    for (auto& client : clients_) client.join();
    clients_.clear();
  }
  [[nodiscard]] std::uint64_t exchanges() const { return exchanges_; }
  [[nodiscard]] std::uint64_t retransmissions() const { return retransmissions_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> exchanges_ = 0;
  std::atomic<std::uint64_t> retransmissions_ = 0;
  std::vector<std::thread> clients_;
};

TEST_F(LifetimeTest, AHandOverUnderTrafficNeitherLosesNorDoublesASample) {
  Measurement measurement(both_hosts());
  std::vector<base::UniqueFd> connections;
  for (int i = 0; i < 3; ++i) connections.push_back(connect(addresses_.b4));
  Traffic traffic(std::move(connections));
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t before = traffic.exchanges();
    measurement.reload(both_hosts());
    EXPECT_TRUE(support::wait_until([&] { return traffic.exchanges() > before + 100; }));
  }
  traffic.stop();
  const auto missed = static_cast<std::uint64_t>(
      measurement.exporter_value("rtt_exporter_bpf_missed_runs_total", {{"program", "tcp_probe"}}));
  const std::uint64_t samples = measurement.count("server", "tcp_probe");
  EXPECT_LE(samples, traffic.exchanges());
  // A program does not run inside itself, and a segment that was sent twice is no sample.
  EXPECT_GE(samples + missed + traffic.retransmissions(), traffic.exchanges());
}

TEST_F(LifetimeTest, BetweenTheStepsOfAHandOverTheNewInstanceCountsWhatTheOldOnePasses) {
  const auto hand_over = passive::HandOver::create();
  ASSERT_TRUE(hand_over.ok());
  const Instance first(**hand_over, 1, addresses_.b4);
  const Instance second(**hand_over, 2, addresses_.b4);
  const std::uint32_t zero = 0;
  rtt_state between{};
  between.counting = {1, 2};
  between.prefix_generation = 1;
  between.sampling_interval = 1;
  ASSERT_EQ(bpf_map_update_elem((*hand_over)->state_fd(), &zero, &between, BPF_ANY), 0);
  connect_and_exchange(50);
  for (const rtt_method method : {RTT_TCP_PROBE, RTT_TCP_HANDSHAKE}) {
    EXPECT_EQ(first.row(method).samples, 0u);
    EXPECT_EQ(second.row(method).samples, 50u);
  }
}

TEST_F(LifetimeTest, AHandOverBeginsWithNoEventPassed) {
  const auto hand_over = passive::HandOver::create();
  ASSERT_TRUE(hand_over.ok());
  (*hand_over)->activate(1);
  std::vector<std::uint64_t> passed(static_cast<std::size_t>(libbpf_num_possible_cpus()), 1);
  const std::uint32_t program = RTT_TCP_PROBE;
  ASSERT_EQ(bpf_map_update_elem((*hand_over)->passed_fd(), &program, passed.data(), BPF_ANY), 0);
  (*hand_over)->activate(2);
  ASSERT_EQ(bpf_map_lookup_elem((*hand_over)->passed_fd(), &program, passed.data()), 0);
  EXPECT_THAT(passed, ::testing::Each(0));
}

TEST_F(LifetimeTest, ANewInstanceCountsNothingBeforeItIsActivated) {
  Measurement measurement(both_hosts());
  config::Config config;
  config.targets = {network_target("server", {addresses_.b4 + "/32"})};
  const targets::PeerTable peers(config);
  const targets::Classifier classifier(peers, {true, true});
  const auto grid = Measurement::grid();
  const metrics::PeerLabels labels{"server", "", {}};
  const auto probe = std::make_shared<metrics::Series>(labels, "tcp_probe", grid);
  const auto handshake = std::make_shared<metrics::Series>(labels, "tcp_handshake", grid);
  metrics::ExporterMetrics metrics;
  const auto next = passive::TcpProbeSource::create(measurement.loop(), *grid, classifier,
                                                    {{probe, handshake}, {probe, handshake}},
                                                    metrics, &measurement.source());
  ASSERT_TRUE(next.ok());
  connect_and_exchange(10);
  next.value()->collect();
  EXPECT_EQ(probe->snapshot().histogram.count(), 0u);
  EXPECT_EQ(handshake->snapshot().histogram.count(), 0u);
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 10u);
}

TEST_F(LifetimeTest, ADiscardedInstanceLeavesTheCountingOneAlone) {
  Measurement measurement(both_hosts());
  {
    metrics::ExporterMetrics metrics;
    const targets::PeerTable peers{config::Config{}};
    const targets::Classifier classifier(peers, {true});
    const auto grid = Measurement::grid();
    const auto series =
        std::make_shared<metrics::Series>(metrics::PeerLabels{"other", "", {}}, "tcp_probe", grid);
    const auto next = passive::TcpProbeSource::create(
        measurement.loop(), *grid, classifier, {{series, series}}, metrics, &measurement.source());
    ASSERT_TRUE(next.ok());
  }
  measurement.reload(both_hosts());
  connect_and_exchange(10);
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 10u);
}

TEST_F(LifetimeTest, TheDestructorDeliversTheLastCounts) {
  Measurement measurement(both_hosts());
  connect_and_exchange(10);
  measurement.stop();
  EXPECT_EQ(measurement.count("server", "tcp_probe"), 10u);
}

TEST_F(LifetimeTest, NothingIsLeftBehind) {
  std::vector<std::uint32_t> programs, maps, links;
  {
    const Measurement measurement(both_hosts());
    programs = bpf_ids("prog_id:");
    maps = bpf_ids("map_id:");
    links = bpf_ids("link_id:");
  }
  EXPECT_GE(programs.size(), 2u);
  EXPECT_GE(maps.size(), 9u);
  EXPECT_EQ(links.size(), 2u);
  EXPECT_TRUE(support::wait_until([&] { return gone(bpf_prog_get_fd_by_id, programs); }));
  EXPECT_TRUE(support::wait_until([&] { return gone(bpf_map_get_fd_by_id, maps); }));
  EXPECT_TRUE(support::wait_until([&] { return gone(bpf_link_get_fd_by_id, links); }));
}

TEST_F(LifetimeTest, TheProgramsCostIsExported) {
  const auto counting = passive::count_bpf_run_time();
  ASSERT_TRUE(counting.ok()) << counting.error().message;
  Measurement measurement(both_hosts());
  connect_and_exchange(10);
  const std::map<std::string, std::string> program{{"program", "tcp_probe"}};
  EXPECT_GT(measurement.exporter_value("rtt_exporter_bpf_runs_total", program), 10);
  EXPECT_GT(measurement.exporter_value("rtt_exporter_bpf_run_seconds_total", program), 0);
  EXPECT_GT(measurement.exporter_value("rtt_exporter_bpf_map_bytes", {{"map", "rtt_rows"}}), 1000);
}

TEST_F(LifetimeTest, TheMapsOfTheInstanceThatCountsAreExported) {
  Measurement measurement(both_hosts());
  measurement.reload(both_hosts());
  EXPECT_GT(measurement.exporter_value("rtt_exporter_bpf_map_bytes", {{"map", "rtt_rows"}}), 1000);
}

TEST_F(LifetimeTest, TheBytesOfThePrefixesGrowWithThem) {
  config::Target target;
  target.name = "host";
  target.hosts = {"host.test"};
  Measurement measurement({target});
  const auto bytes = [&] {
    return measurement.exporter_value("rtt_exporter_bpf_map_bytes", {{"map", "rtt_prefixes"}});
  };
  const double before = bytes();
  measurement.classifier().set_addresses(1, {base::IpAddress::parse(addresses_.b4).value()});
  ASSERT_TRUE(measurement.source().set_prefixes(measurement.classifier()).ok());
  EXPECT_GT(bytes(), before);
}

TEST_F(LifetimeTest, WithoutPrivilegeTheErrorNamesTheCapabilities) {
  const std::string error = in_child([]() -> std::string {
    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) return "setuid";
    return create_error();
  });
  EXPECT_EQ(error, "loading BPF programs needs the capabilities CAP_BPF and CAP_PERFMON (or root)");
}

TEST_F(LifetimeTest, WithoutBtfTheErrorNamesIt) {
  const std::string error = in_child([]() -> std::string {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) ||
        mount("none", "/sys/kernel/btf", "tmpfs", 0, nullptr)) {
      return "mount";
    }
    return create_error();
  });
  EXPECT_EQ(error,
            "the kernel has no BTF (/sys/kernel/btf/vmlinux); it must be built with "
            "CONFIG_DEBUG_INFO_BTF");
}

}  // namespace
}  // namespace rtt::bpf_test
