// What pinging many peers once a second costs: processor time, memory, and what the load does to
// the probes themselves.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "bench/active_cost_programs.h"
#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::Namespace;
using support::SetupError;

constexpr int kRounds = 3;
constexpr auto kWindow = 2s;       // whole seconds: one program sends in bursts
constexpr double kProbes = 10000;  // the unit of the table

/// Addresses of loopback; its kernel answers for all of them.
std::vector<std::string> loopback_peers(std::size_t count) {
  std::vector<std::string> peers;
  for (std::size_t i = 0; i < count; ++i) {
    peers.push_back("127.1." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250));
  }
  return peers;
}

/// ICMP messages of the namespace since it exists: the same witness for all programs.
struct Echoes {
  double requests = 0;
  double replies = 0;
};

Echoes echoes(const Namespace& where) {
  return where.run([] {
    std::ifstream file("/proc/thread-self/net/snmp");
    std::map<std::string, double> counts;
    for (std::string names, values; std::getline(file, names) && std::getline(file, values);) {
      if (!names.starts_with("IcmpMsg:")) continue;
      std::istringstream name(names), value(values);
      std::string word, number;
      while (name >> word && value >> number) counts[word] = std::atof(number.c_str());
    }
    return Echoes{counts["OutType8"], counts["InType0"]};
  });
}

struct Sample {
  double cpu_seconds = 0;  // per kProbes
  double sent_per_second = 0;
  double resident_bytes = 0;
  Program::Report report;
};

Sample measure(const Contender& contender, std::size_t size) {
  const Namespace where;
  const auto program = contender.start(where, loopback_peers(size));
  const double enough = 2.0 * static_cast<double>(size);
  if (!support::wait_until([&] { return echoes(where).replies >= enough; }, 15s, 50ms)) {
    throw SetupError(contender.name + ": no two replies per peer in 15 s");
  }
  const Echoes before = echoes(where);
  const auto cpu_before = cpu_time(program->pid());
  const auto start = base::Clock::now();
  std::this_thread::sleep_for(kWindow);
  const auto cpu = cpu_time(program->pid()) - cpu_before;
  const Echoes after = echoes(where);
  const double seconds = base::to_seconds(base::Clock::now() - start);
  const double sent = after.requests - before.requests;
  if (sent < 1 || after.replies - before.replies < 0.9 * sent) {
    throw SetupError(contender.name + ": the kernel did not answer");
  }
  return {.cpu_seconds = base::to_seconds(cpu) / sent * kProbes,
          .sent_per_second = sent / seconds,
          .resident_bytes = static_cast<double>(resident_bytes(program->pid())),
          .report = program->report()};
}

struct Entry {
  const Contender* contender;
  std::size_t size;
  std::vector<Sample> samples = {};

  template <typename Field>
  [[nodiscard]] double median_of(Field&& field) const {
    std::vector<double> values;
    for (const Sample& sample : samples) values.push_back(field(sample));
    return median(values);
  }
  [[nodiscard]] double cpu() const {
    return median_of([](const Sample& sample) { return sample.cpu_seconds; });
  }
  [[nodiscard]] double resident() const {
    return median_of([](const Sample& sample) { return sample.resident_bytes; });
  }
};

/// By size, then in the order of the contenders.
std::vector<Entry> plan(const std::vector<Contender>& all) {
  std::vector<Entry> entries;
  for (const std::size_t size : all.front().sizes) {
    for (const Contender& contender : all) {
      const auto& sizes = contender.sizes;
      if (std::find(sizes.begin(), sizes.end(), size) != sizes.end()) {
        entries.push_back({&contender, size});
      }
    }
  }
  return entries;
}

std::vector<std::string> row(const Entry& entry, double our_cpu, double resident_at_one) {
  const auto size = static_cast<double>(entry.size);
  const double per_peer = (entry.resident() - resident_at_one) / (size - 1);
  return {
      std::to_string(entry.size),
      entry.contender->name,
      number(entry.cpu(), 3),
      number(entry.cpu() / our_cpu, 1),
      number(entry.median_of([](const Sample& sample) { return sample.sent_per_second; })),
      number(entry.median_of([](const Sample& sample) { return sample.report.lost_percent; }), 2),
      number(entry.median_of([](const Sample& sample) { return sample.report.median_rtt_us; }), 1),
      entry.contender->state_per_peer ? number(per_peer) : "-"};
}

}  // namespace

void run() {
  std::vector<Contender> all = contenders();
  Table table("ICMP to many peers on loopback, each once a second",
              {"peers", "program", "CPU s per 10,000", "ratio", "sent per s", "lost %",
               "median RTT us", "bytes per peer"});
  std::erase_if(all, [&](const Contender& contender) {
    if (contender.executable.empty() || installed(contender.executable)) return false;
    table.note(contender.name + " is not installed.");
    return true;
  });
  std::map<std::string, double> resident_at_one;
  for (const Contender& contender : all) {
    resident_at_one[contender.name] = measure(contender, 1).resident_bytes;
  }
  std::vector<Entry> entries = plan(all);
  for (int round = 0; round < kRounds; ++round) {
    for (Entry& entry : entries) entry.samples.push_back(measure(*entry.contender, entry.size));
  }
  double our_cpu = 0;
  for (const Entry& entry : entries) {
    if (entry.contender == &all.front()) our_cpu = entry.cpu();
    table.add(row(entry, our_cpu, resident_at_one[entry.contender->name]));
  }
  table.note(
      "CPU time is the program's own, the kernel's work for its packets included; on loopback that "
      "is also the work of the peers. Sent per second is the kernel's count, loss and RTT are what "
      "the program itself reports.");
  table.note(
      "fping, spread: -i 1000/peers ms; in one burst: -i 0; both with -l -q -p 1000. It stamps "
      "packets in user space. smokeping_prober (--no-privileged) is not run beyond 2,000 peers, "
      "where it takes longer to start than a round; blackbox_exporter, asked over 8 kept "
      "connections, not beyond 500.");
  table.print();
}

}  // namespace rtt::bench
