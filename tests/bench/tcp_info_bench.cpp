// What it costs to read TCP_INFO of every connection, beside `ss` and beside the kernel alone.
#include <map>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "bench/tcp_info_connections.h"
#include "bench/tcp_info_subjects.h"

namespace rtt::bench {
namespace {

constexpr std::size_t kNetworks = 1000;
constexpr std::size_t kSizes[] = {1000, 10'000, 50'000};
constexpr int kRounds = 7;

// Microseconds per socket, per round.
struct Costs {
  std::vector<double> ours, ss, bare;
};

Costs measure(OurPolls& ours, std::size_t sockets) {
  const auto per_socket = [sockets](base::nanoseconds cpu_time) {
    return static_cast<double>(cpu_time.count()) / 1e3 / static_cast<double>(sockets);
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

}  // namespace

void run() {
  const support::Namespace where;
  const auto networks = loopback_networks(kNetworks);
  Connections connections(where, networks);
  Table table("A poll of TCP_INFO: CPU time in us per socket",
              {"established sockets", "rtt_exporter", "lowest-highest", "`ss -tin`",
               "bare inet_diag dump", "ours over the dump", "ss / ours", "our poll, ms"});
  OurPolls ours(networks);
  for (const std::size_t sockets : kSizes) {
    connections.grow_to(sockets);
    add_row(table, sockets, where.run([&] { return measure(ours, sockets); }));
  }
  table.note("User and kernel time of the polling thread, attribution to " +
             std::to_string(kNetworks) + " prefixes and histograms included. Medians of " +
             std::to_string(kRounds) + " interleaved rounds.");
  table.note(
      "Between polls the thread rests, so the caches are cold: with few sockets, each under a peer "
      "of its own, that is most of the cost. `ss` includes its start.");
  table.print();
}

}  // namespace rtt::bench
