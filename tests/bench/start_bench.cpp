// From exec to the first answer, the memory that stays, and the CPU time of doing nothing, with the
// built-in defaults, beside the exporters that it would stand next to.
#include <signal.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "support/http_client.h"
#include "support/metrics_text.h"
#include "support/process.h"
#include "support/setup_error.h"
#include "support/temporary_directory.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kStarts = 11;
constexpr int kScrapes = 20;
constexpr auto kIdle = 25s;

struct Subject {
  std::string name;
  std::vector<std::string> argv;
  std::uint16_t port;
  std::string ready_path;
  std::vector<double> ready_ms = {};
  double resident_bytes = 0;
  double idle_share = 0;
};

std::vector<Subject> subjects(const support::TemporaryDirectory& directory) {
  std::vector<Subject> all = {
      {"rtt_exporter", {RTT_BINARY_DIR "/rtt_exporter"}, 10049, "/-/ready"}};
  if (installed("prometheus-blackbox-exporter")) {
    const auto config = directory.write("blackbox.yml", "modules: {icmp: {prober: icmp}}\n");
    all.push_back({"blackbox_exporter",
                   {"prometheus-blackbox-exporter", "--config.file=" + config,
                    "--web.listen-address=127.0.0.1:9115"},
                   9115,
                   "/metrics"});
  }
  if (installed("prometheus-smokeping-prober")) {
    all.push_back(
        {"smokeping_prober, one host",
         {"prometheus-smokeping-prober", "--web.listen-address=127.0.0.1:9374", "127.0.0.1"},
         9374,
         "/metrics"});
  }
  return all;
}

// Empty: not answered with 200.
std::string get(const Subject& subject, const std::string& path) {
  const auto response = support::fetch({.port = subject.port, .path = path});
  return response.ok() && response->status == 200 ? response->body : "";
}

void wait_ready(const Subject& subject, support::Process& process) {
  const auto deadline = base::Clock::now() + 20s;
  while (get(subject, subject.ready_path).empty()) {
    if (!process.running() || base::Clock::now() > deadline) {
      throw support::SetupError(subject.name + " does not get ready:\n" + process.errors());
    }
    std::this_thread::sleep_for(500us);
  }
}

std::unique_ptr<support::Process> start(const Subject& subject) {
  auto process = std::make_unique<support::Process>(subject.argv);
  wait_ready(subject, *process);
  return process;
}

void stop(const Subject& subject, support::Process& process) {
  process.signal(SIGTERM);
  if (!process.wait(10s)) throw support::SetupError(subject.name + " does not stop");
}

void measure_start(Subject& subject) {
  const auto begin = base::Clock::now();
  const auto process = start(subject);
  subject.ready_ms.push_back(base::to_seconds(base::Clock::now() - begin) * 1e3);
  stop(subject, *process);
}

// All at once: what does nothing disturbs nobody.
void measure_idle(std::vector<Subject>& all) {
  std::vector<std::unique_ptr<support::Process>> processes;
  for (const Subject& subject : all) processes.push_back(start(subject));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (int k = 0; k < kScrapes; ++k) {
      if (get(all[i], "/metrics").empty()) throw support::SetupError(all[i].name + ": no scrape");
    }
    all[i].resident_bytes = static_cast<double>(resident_bytes(processes[i]->pid()));
  }
  std::this_thread::sleep_for(2s);
  std::vector<base::nanoseconds> before;
  const auto begin = base::Clock::now();
  for (const auto& process : processes) before.push_back(cpu_time(process->pid()));
  std::this_thread::sleep_for(kIdle);
  const double seconds = base::to_seconds(base::Clock::now() - begin);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].idle_share = base::to_seconds(cpu_time(processes[i]->pid()) - before[i]) / seconds;
  }
  const auto scrape = support::Scrape::parse(get(all.front(), "/metrics")).value();
  for (const char* source : {"tcp_probe", "tcp_info", "icmp", "tcp_connect", "tcp_echo"}) {
    if (scrape.value("rtt_source_up", {{"source", source}}) != 1) {
      throw support::SetupError(std::string("the source does not run: ") + source);
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) stop(all[i], *processes[i]);
}

}  // namespace

void run() {
  const support::Namespace where;
  const support::TemporaryDirectory directory;
  std::vector<Subject> all = subjects(directory);
  where.run([&] {
    for (int round = 0; round < kStarts; ++round) {
      for (Subject& subject : all) measure_start(subject);
    }
    measure_idle(all);
  });
  Table table("Start and idle", {"", "ready after, ms: median", "lowest-highest",
                                 "resident after " + std::to_string(kScrapes) + " scrapes, MB",
                                 "CPU while idle, % of one"});
  for (const Subject& subject : all) {
    table.add(
        {subject.name, number(median(subject.ready_ms), 0),
         number(quantile(subject.ready_ms, 0), 0) + "-" + number(quantile(subject.ready_ms, 1), 0),
         number(subject.resident_bytes / 1e6, 1), number(subject.idle_share * 100, 3)});
  }
  table.note(
      "From before the exec until the first 200 on /-/ready (others: /metrics), asked for every "
      "half millisecond; " +
      std::to_string(kStarts) +
      " interleaved starts. rtt_exporter runs its "
      "built-in defaults: BPF programs loaded, TCP_INFO polled, loopback probed with icmp, "
      "tcp_connect and tcp_echo once per second each. Idle over " +
      std::to_string(kIdle.count()) + " s, nobody scrapes.");
  table.print();
}

}  // namespace rtt::bench
