#include "bench/tcp_info_subjects.h"

#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "config/config.h"
#include "metrics/exporter_metrics.h"
#include "passive/inet_diag_message.h"
#include "passive/tcp_info_source.h"
#include "support/metrics_text.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kPolls = 3;

base::nanoseconds thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return base::to_nanoseconds(time);
}

// What a poll finds in the caches depends on what ran before it: like the exporter's, it comes after
// a time of rest.
base::nanoseconds interval_of(std::size_t sockets) { return 50ms + sockets * 4us; }

config::Config config_of(const std::vector<base::IpPrefix>& networks) {
  config::Config config;
  config::Target& target = config.targets.emplace_back();
  target.name = "bench";
  for (const auto& network : networks) target.networks.push_back({network.to_string(), network});
  return config;
}

std::shared_ptr<const metrics::SeriesSet> series_of(const targets::PeerTable& peers) {
  const auto grid = std::make_shared<const metrics::BucketGrid>(
      metrics::BucketGrid::create({0.0001, 0.001, 0.01, 0.1, 1}, 3).value());
  metrics::SeriesSet::Builder builder(grid, peers.size(), {});
  for (const targets::Peer& peer : peers.peers()) {
    (void)builder.passive({peer.target, peer.label, {}}, "tcp_info");
    (void)builder.connections({peer.target, peer.label, {}});
  }
  return std::move(builder).build();
}

support::Scrape scrape_of(const metrics::ExporterMetrics& metrics) {
  std::string text;
  metrics.append_text(text);
  return support::Scrape::parse(text).value();
}

void check(bool right, const std::string& what) {
  if (!right) throw support::SetupError(what);
}

base::nanoseconds one_bare_dump(std::size_t sockets) {
  const base::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  const auto request =
      passive::dump_request(passive::DumpFamilies::kBoth, passive::connection_states(), {1, 0});
  std::vector<char> buffer(64 * 1024);
  std::size_t seen = 0;
  const base::nanoseconds start = thread_cpu_time();
  check(::send(fd.get(), request.data(), request.size(), 0) > 0, "cannot ask inet_diag");
  for (bool more = true; more;) {
    auto left = static_cast<int>(::recv(fd.get(), buffer.data(), buffer.size(), 0));
    check(left > 0, "cannot read from inet_diag");
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; NLMSG_OK(header, left) && more; header = NLMSG_NEXT(header, left)) {
      more = header->nlmsg_type != NLMSG_DONE;
      seen += more ? 1 : 0;
    }
  }
  const base::nanoseconds cpu_time = thread_cpu_time() - start;
  check(seen == sockets, "a dump did not show every socket");
  return cpu_time;
}

}  // namespace

OurPolls::OurPolls(const std::vector<base::IpPrefix>& networks)
    : peers_(std::make_unique<targets::PeerTable>(config_of(networks))),
      classifier_(
          std::make_unique<targets::Classifier>(*peers_, std::vector<bool>(peers_->size(), true))),
      series_(series_of(*peers_)) {}

std::uint64_t OurPolls::observations() const {
  std::uint64_t count = 0;
  for (const auto& series : series_->passive()) {
    if (series->peer().target != targets::kOtherTarget) {
      count += series->snapshot().histogram.count();
    }
  }
  return count;
}

std::vector<passive::TcpInfoSource::SlotSeries> OurPolls::slots() const {
  std::vector<passive::TcpInfoSource::SlotSeries> slots;
  for (std::size_t slot = 0; slot < peers_->size(); ++slot) {
    slots.push_back({series_->passive()[slot], series_->connections()[slot]});
  }
  return slots;
}

base::nanoseconds OurPolls::measure(std::size_t sockets) {
  const base::nanoseconds interval = interval_of(sockets);
  metrics::ExporterMetrics metrics;
  base::EventLoop loop;
  auto source = passive::TcpInfoSource::create(loop, metrics).value();
  base::nanoseconds start{};
  base::nanoseconds cpu_time{};
  auto warm = loop.timer([&] { start = thread_cpu_time(); });
  auto end = loop.timer([&] {
    cpu_time = thread_cpu_time() - start;
    loop.stop();
  });
  const std::uint64_t observed = observations();
  source->configure(interval, *classifier_, slots());
  warm.expires_after(interval + interval * 3 / 4);
  end.expires_after(interval * (1 + kPolls) + interval * 3 / 4);
  loop.run();
  const support::Scrape scrape = scrape_of(metrics);
  check(scrape.value("rtt_exporter_tcp_info_polls_total") == kPolls + 1, "polls were not complete");
  check(scrape.value("rtt_exporter_tcp_info_sockets") == static_cast<double>(sockets),
        "a poll did not see every socket");
  check(observations() - observed == sockets * (kPolls + 1), "polls did not observe every socket");
  return cpu_time / kPolls;
}

void OurPolls::poll_for(base::nanoseconds interval, base::nanoseconds duration) {
  metrics::ExporterMetrics metrics;
  base::EventLoop loop;
  auto source = passive::TcpInfoSource::create(loop, metrics).value();
  auto end = loop.timer([&] { loop.stop(); });
  source->configure(interval, *classifier_, slots());
  end.expires_after(duration);
  loop.run();
  check(scrape_of(metrics).value("rtt_exporter_tcp_info_polls_total") > 0, "no poll was complete");
}

base::nanoseconds ss_cpu_time() {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = "ss";
  std::string options = "-tin";
  char* const argv[] = {program.data(), options.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, "ss", &actions, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  check(error == 0, "cannot start ss");
  int status = 0;
  rusage usage{};
  check(::wait4(pid, &status, 0, &usage) == pid && status == 0, "ss has failed");
  const auto to_nanoseconds = [](const timeval& time) -> base::nanoseconds {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return to_nanoseconds(usage.ru_utime) + to_nanoseconds(usage.ru_stime);
}

base::nanoseconds bare_dump_cpu_time(std::size_t sockets) {
  base::nanoseconds cpu_time{};
  for (int i = 0; i < kPolls; ++i) {
    std::this_thread::sleep_for(interval_of(sockets));
    cpu_time += one_bare_dump(sockets);
  }
  return cpu_time / kPolls;
}

}  // namespace rtt::bench
