// What it costs to read TCP_INFO of every connection, beside `ss` and beside the kernel alone, and
// what probes notice of it.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "bench/tcp_info_connections.h"
#include "bench/tcp_info_probes.h"
#include "bench/tcp_info_subjects.h"

namespace rtt::bench {
namespace {

constexpr std::size_t kNetworks = 1000;
constexpr std::size_t kSizes[] = {1000, 10'000, 50'000};
constexpr int kRounds = 7;
constexpr int kProbeRounds = 3;
constexpr auto kProbeRound = std::chrono::seconds(6);
constexpr auto kPollInterval = std::chrono::seconds(1);

double to_microseconds(base::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }

// Microseconds per socket, per round.
struct Costs {
  std::vector<double> ours, ss, bare;
};

Costs measure(OurPolls& ours, std::size_t sockets) {
  const auto per_socket = [sockets](base::nanoseconds cpu_time) {
    return to_microseconds(cpu_time) / static_cast<double>(sockets);
  };
  Costs costs;
  for (int round = 0; round < kRounds; ++round) {
    costs.ours.push_back(per_socket(ours.measure(sockets)));
    if (installed("ss")) costs.ss.push_back(per_socket(ss_cpu_time()));
    costs.bare.push_back(per_socket(bare_dump_cpu_time(sockets)));
  }
  return costs;
}

void add_row(Table& table, std::size_t sockets, const Costs& costs) {
  const double ours = median(costs.ours);
  const double bare = median(costs.bare);
  const bool with_ss = !costs.ss.empty();
  table.add({std::to_string(sockets), number(ours, 2),
             number(quantile(costs.ours, 0), 2) + "-" + number(quantile(costs.ours, 1), 2),
             with_ss ? number(median(costs.ss), 2) : "-", number(bare, 2), number(ours - bare, 2),
             with_ss ? number(median(costs.ss) / ours, 1) : "-",
             number(ours * static_cast<double>(sockets) / 1e3, 1)});
}

Table cost_table() {
  return {"A poll of TCP_INFO: CPU time in us per socket",
          {"established sockets", "rtt_exporter", "lowest-highest", "`ss -tin`",
           "bare inet_diag dump", "ours over the dump", "ss / ours", "our poll, ms"}};
}

void print_costs(Table& table, base::nanoseconds empty_dump) {
  table.note("User and kernel time of the polling thread, attribution to " +
             std::to_string(kNetworks) + " prefixes and histograms included. Medians of " +
             std::to_string(kRounds) + " interleaved rounds.");
  table.note("Whatever the number of sockets, a dump walks the kernel's whole hash table: " +
             number(to_microseconds(empty_dump), 0) + " us here before there was any.");
  table.note(
      "Between polls the thread rests, so the caches are cold: with few sockets, each under a peer "
      "of its own, that is most of the rest. `ss` includes its start.");
  table.print();
}

void add_fate(Table& table, const std::string& what, const ProbeFate& fate) {
  const ProbeFate::Counts counts = fate.counts();
  std::vector<std::string> row = {what, number(static_cast<double>(counts.replied)),
                                  number(static_cast<double>(counts.missed))};
  for (const double q : {0.5, 0.99, 0.999, 1.0}) row.push_back(number(fate.rtt(q), 1));
  for (const double q : {0.5, 0.99, 0.999, 1.0}) row.push_back(number(fate.lateness(q), 0));
  table.add(std::move(row));
}

void print_disturbance(OurPolls& ours, std::size_t sockets) {
  ProbeFate without;
  ProbeFate with;
  for (int round = 0; round < kProbeRounds; ++round) {
    without.probe_during([] { std::this_thread::sleep_for(kProbeRound); });
    with.probe_during([&] { ours.poll_for(kPollInterval, kProbeRound); });
  }
  Table table("Probes beside polls of TCP_INFO, in us",
              {"", "replied", "lost or failed", "RTT p50", "p99", "p99.9", "highest",
               "timer late p50", "p99", "p99.9", "highest"});
  add_fate(table, "no polls", without);
  add_fate(table, std::to_string(sockets) + " sockets, once a second", with);
  table.note(
      "ICMP to 100 loopback addresses, ten times a second each, on a thread of its own, as "
      "in the exporter; " +
      std::to_string(kProbeRounds) + " rounds of each in turn. Timers of that thread.");
  table.print();
}

}  // namespace

void run() {
  const support::Namespace where;
  const auto networks = loopback_networks(kNetworks);
  const auto empty_dump = where.run([] { return bare_dump_cpu_time(0); });
  Connections connections(where, networks);
  Table table = cost_table();
  OurPolls ours(networks);
  for (const std::size_t sockets : kSizes) {
    connections.grow_to(sockets);
    add_row(table, sockets, where.run([&] { return measure(ours, sockets); }));
  }
  print_costs(table, empty_dump);
  where.run([&] { print_disturbance(ours, *std::rbegin(kSizes)); });
}

}  // namespace rtt::bench
