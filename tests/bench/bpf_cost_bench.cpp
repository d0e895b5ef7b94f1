// What a program on the kernel's tcp_probe tracepoint costs per event: an empty one, tcprtt's, ours.
#include <bpf/bpf.h>

#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "bench/bench.h"
#include "bench/bpf_cost_load.h"
#include "bench/bpf_cost_subject.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kPrefixes = 1000;
constexpr int kRounds = 7;
constexpr const char* kMethod =
    "Medians of 7 rounds of 0.3 s each, the programs in turn, by the kernel's own statistics.";
constexpr milliseconds kWarmUp(100);
constexpr milliseconds kSample(300);

enum Who { kEmpty, kTcprtt, kExporter, kReadOfTcprtt, kReadsOfExporter };
using Attach = std::function<std::unique_ptr<Subject>()>;
using Start = std::function<std::unique_ptr<Load>(const support::Namespace&)>;

struct Sample {
  double ns_per_run;
  double runs_per_second;
};

Sample sample(const Attach& attach) {
  const auto subject = attach();
  std::this_thread::sleep_for(kWarmUp);
  const RunStatistics before = subject->statistics();
  const base::TimePoint start = base::Clock::now();
  std::this_thread::sleep_for(kSample);
  const RunStatistics after = subject->statistics();
  const double seconds = base::to_seconds(base::Clock::now() - start);
  const auto runs = static_cast<double>(after.runs - before.runs);
  if (runs < 100) throw support::SetupError("too few events: the load does not run");
  return {static_cast<double>(after.time_ns - before.time_ns) / runs, runs / seconds};
}

struct Measured {
  std::vector<double> costs;  // the median of each subject
  double events_per_second;
};

Measured measure(const Start& start, const std::vector<Attach>& subjects) {
  const support::Namespace host;
  const auto load = start(host);
  std::vector<std::vector<double>> costs(subjects.size());
  std::vector<double> rates;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t who = 0; who < subjects.size(); ++who) {
      const Sample one = sample(subjects[who]);
      costs[who].push_back(one.ns_per_run);
      rates.push_back(one.runs_per_second);
    }
  }
  Measured measured{{}, median(rates)};
  for (const auto& each : costs) measured.costs.push_back(median(each));
  return measured;
}

Start exchanges(const Load::Exchanges& exchanges) {
  return [=](const auto& host) { return Load::exchanges(host, exchanges); };
}

void compare_programs() {
  Table table("eBPF: ns per tcp_probe event, net of the empty program; 1,000 prefixes configured",
              {"load", "events/s", "empty program (gross)", "tcprtt", "its read alone",
               "rtt_exporter", "its reads alone", "rtt_exporter / tcprtt", "without the reads"});
  const std::vector<std::pair<std::string, Start>> loads{
      {"1 connection, request/response", exchanges({})},
      {"the same, both ends on one CPU", exchanges({.one_cpu = true})},
      {"1,000 connections", exchanges({.connections = 1000, .window = 16})},
      {"15,000 connections", exchanges({.connections = 15000, .window = 16})},
      {"one connection per exchange", Load::connections},
      {"iperf3", Load::iperf3},
  };
  for (const auto& [name, start] : loads) {
    const Measured measured =
        measure(start, {attach_empty, attach_tcprtt, [] { return attach_exporter(kPrefixes); },
                        attach_read_of_tcprtt, attach_reads_of_exporter});
    const double empty = measured.costs[kEmpty];
    const auto net = [&](Who who) { return measured.costs[who] - empty; };
    const double tcprtt = net(kTcprtt);
    const double exporter = net(kExporter);
    const double ratio_of_the_rest =
        (exporter - net(kReadsOfExporter)) / (tcprtt - net(kReadOfTcprtt));
    table.add({name, number(measured.events_per_second), number(empty), number(tcprtt),
               number(net(kReadOfTcprtt)), number(exporter), number(net(kReadsOfExporter)),
               number(exporter / tcprtt, 2), number(ratio_of_the_rest, 2)});
  }
  table.note(kMethod);
  table.note(
      "Its reads alone: a program that only reads what its sample is made of. tcprtt reads one"
      " line of the socket (srtt), rtt_exporter two and one of the newest skb in flight, for a"
      " sample of its own. On loopback the other CPU wrote them last. The kernel reads the same"
      " lines right afterwards, in tcp_ack(), and then finds them in its own cache.");
  table.print();
}

void show_growth() {
  Table table("eBPF: ns per event, net of the empty program, as peers and addresses grow",
              {"load, its addresses", "16 prefixes", "1,000 prefixes", "10,000 prefixes"});
  const std::vector<std::pair<std::string, Start>> loads{
      {"1,000 connections, 1", exchanges({.connections = 1000, .window = 16})},
      {"1,000 connections, 1,000",
       exchanges({.connections = 1000, .window = 16, .addresses = 1000})},
      {"10,000 connections, 10,000",
       exchanges({.connections = 10000, .window = 16, .addresses = 10000})},
  };
  for (const auto& [name, start] : loads) {
    const Measured measured = measure(
        start, {attach_empty, [] { return attach_exporter(16); },
                [] { return attach_exporter(1000); }, [] { return attach_exporter(10000); }});
    std::vector<std::string> row{name};
    for (std::size_t i = 1; i < measured.costs.size(); ++i) {
      row.push_back(number(measured.costs[i] - measured.costs[kEmpty]));
    }
    table.add(std::move(row));
  }
  table.note(
      "Each prefix is a peer. A CPU remembers what 1,024 addresses are, so of 10,000 in turn"
      " almost every second one is looked up in the prefixes (the server's end of each"
      " connection sees one address).");
  table.print();
}

}  // namespace

void run() {
  const base::UniqueFd statistics(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!statistics) support::throw_errno("the kernel has no run-time statistics of BPF programs");
  compare_programs();
  show_growth();
}

}  // namespace rtt::bench
