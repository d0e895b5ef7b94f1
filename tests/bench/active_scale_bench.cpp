// What our own methods cost with many peers, all of it on one CPU, and whether the load makes losses of its
// own or changes the round trip.
#include <sched.h>
#include <spdlog/fmt/fmt.h>

#include <thread>

#include "bench/bench.h"
#include "bench/big_scrape.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "support/daemon.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Namespace;

constexpr int kRounds = 3;
constexpr auto kWindow = 5s;
constexpr double kProbes = 10000;  // the unit of the table
constexpr std::uint16_t kPort = 10049;

struct Load {
  std::string method;
  std::size_t peers;
};

const std::vector<Load> kLoads{{"icmp", 100},        {"icmp", 2000},       {"icmp", 10000},
                               {"udp_echo", 100},    {"udp_echo", 2000},   {"udp_echo", 10000},
                               {"tcp_echo", 100},    {"tcp_echo", 500},    {"tcp_echo", 2000},
                               {"tcp_connect", 100}, {"tcp_connect", 2000}};

void use_cpu(unsigned cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  if (sched_setaffinity(0, sizeof only, &only) != 0) support::throw_errno("cannot choose a CPU");
}

std::string configuration(const Load& load) {
  std::string hosts;
  for (std::size_t i = 0; i < load.peers; ++i) {
    hosts += fmt::format("{}127.1.{}.{}", i == 0 ? "" : ", ", i / 250, 1 + i % 250);
  }
  const std::string port = load.method == "icmp" ? "" : ", port: 10007";
  return fmt::format(
      "limits: {{max_series: 20000}}\n"
      "passive:\n"
      "  tcp_probe: {{enabled: false}}\n"
      "  tcp_info: {{enabled: false}}\n"
      "probes:\n  p: {{method: {}, interval: 1s{}}}\n"
      "targets:\n  - {{name: t, probes: [p], hosts: [{}]}}\n",
      load.method, port, hosts);
}

/// The other end, on the last CPU.
std::unique_ptr<Daemon> echo_server(const Namespace& where) {
  use_cpu(std::thread::hardware_concurrency() - 1);
  return std::make_unique<Daemon>(
      where, Daemon::Options{.config = "echo_server: {listen: [\":10007\"]}\n"
                                       "passive:\n"
                                       "  tcp_probe: {enabled: false}\n"
                                       "  tcp_info: {enabled: false}\n",
                             .arguments = {"--web.listen-address=127.0.0.1:10050"},
                             .wait_ready = false});
}

struct Counts {
  double sent, replied, in_flight, missed;
};

Counts counts(const std::string& text) {
  const std::string missed = "\nrtt_exporter_probe_starts_missed_total ";
  return {sum_of(text, "rtt_probes_sent_total"), sum_of(text, "rtt_probes_replied_total"),
          sum_of(text, "rtt_probes_in_flight"),
          std::stod(text.substr(text.find(missed) + missed.size()))};
}

struct Sample {
  double cpu_percent, cpu_seconds, sent_per_second, without_reply, missed, rtt_us, resident;
};

Sample measure(const Load& load) {
  const Namespace where;
  const auto other_end = echo_server(where);
  use_cpu(0);
  Daemon daemon(where, configuration(load));
  const double enough = 3.0 * static_cast<double>(load.peers);
  const auto text = [&] { return scrape_text(where, kPort); };
  if (!support::wait_until([&] { return sum_of(text(), "rtt_probes_replied_total") >= enough; },
                           60s, 500ms)) {
    throw support::SetupError(load.method + ": no three replies per peer in a minute");
  }
  const std::string first = text();
  const auto start = base::Clock::now();
  const Counts before = counts(first);
  const auto cpu_before = cpu_time(daemon.process().pid());
  const auto cpu_start = base::Clock::now();
  std::this_thread::sleep_for(kWindow);
  const double cpu = base::to_seconds(cpu_time(daemon.process().pid()) - cpu_before);
  const double seconds = base::to_seconds(base::Clock::now() - cpu_start);
  const std::string last = text();
  const double all_seconds = base::to_seconds(base::Clock::now() - start);
  const Counts after = counts(last);
  const double sent = after.sent - before.sent;
  return {.cpu_percent = 100 * cpu / seconds,
          .cpu_seconds = cpu / (sent / all_seconds * seconds) * kProbes,
          .sent_per_second = sent / all_seconds,
          .without_reply =
              sent - (after.replied - before.replied) - (after.in_flight - before.in_flight),
          .missed = after.missed - before.missed,
          .rtt_us = median(values_of(last, "rtt_smoothed_seconds")) * 1e6,
          .resident = static_cast<double>(resident_bytes(daemon.process().pid()))};
}

template <typename Field>
double median_of(const std::vector<Sample>& samples, Field field) {
  std::vector<double> values;
  for (const Sample& sample : samples) values.push_back(sample.*field);
  return median(values);
}

}  // namespace

void run() {
  Table table("Our methods with many peers on loopback, each once a second, all on one CPU",
              {"method", "peers", "% of the CPU", "CPU s per 10,000", "sent per s",
               "lost or failed", "starts missed", "median RTT us", "resident, MB"});
  std::vector<std::vector<Sample>> samples(kLoads.size());
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kLoads.size(); ++i) samples[i].push_back(measure(kLoads[i]));
  }
  for (std::size_t i = 0; i < kLoads.size(); ++i) {
    const auto& of = samples[i];
    table.add({kLoads[i].method, std::to_string(kLoads[i].peers),
               number(median_of(of, &Sample::cpu_percent), 1),
               number(median_of(of, &Sample::cpu_seconds), 3),
               number(median_of(of, &Sample::sent_per_second)),
               number(median_of(of, &Sample::without_reply)),
               number(median_of(of, &Sample::missed)), number(median_of(of, &Sample::rtt_us), 1),
               number(median_of(of, &Sample::resident) / 1e6, 1)});
  }
  table.note(
      "Medians of 3 rounds of 5 s. The exporter and the kernel's work for its packets are on the "
      "first CPU; the echo server, another rtt_exporter, is on the last. The round trip of "
      "tcp_echo and udp_echo holds the server's wake-up.");
  table.print();
}

}  // namespace rtt::bench
