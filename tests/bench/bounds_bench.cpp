// Whether a million different remote addresses make the daemon larger or slower.
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "bench/bench.h"
#include "bench/bounds_traffic.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "support/daemon.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

constexpr std::uint32_t kStages[] = {0, 10'000, 100'000, 1'000'000};

struct Case {
  std::string name;
  std::string config;
};

// All of 10.0.0.0/8, in 4,096 networks of which limits.max_series leaves room for few.
std::string config_with_networks() {
  std::string config = "limits: {max_series: 1000}\ntargets:\n  - name: clients\n    networks:\n";
  for (std::uint32_t i = 0; i < 4096; ++i) {
    const base::IpAddress address(in_addr{htonl(0x0a000000U + (i << 12))});
    config += "      - " + address.to_string() + "/20\n";
  }
  return config;
}

std::vector<Case> cases() {
  return {{"none: all is `other`", "limits: {max_series: 1000}\n"},
          {"4,096, room for 332", config_with_networks()}};
}

// What a scrape says, and the process beside it.
struct Reading {
  double series = 0;
  double lines = 0;
  double map_bytes = 0;
  double handshakes = 0;
  double run_seconds = 0;
  double runs = 0;
  double scrape_ms = 0;
  double resident_bytes = 0;
  double peak_bytes = 0;
};

Reading read(support::Daemon& daemon) {
  const auto begin = base::Clock::now();
  if (!daemon.get("/metrics")) throw support::SetupError("no scrape");
  const double scrape_ms = base::to_seconds(base::Clock::now() - begin) * 1e3;
  const support::Scrape scrape = daemon.scrape();
  std::size_t lines = 0;
  for (const auto& family : scrape.families()) lines += family.samples.size() + 2;
  const pid_t pid = daemon.process().pid();
  return {.series = scrape.value("rtt_exporter_series").value(),
          .lines = static_cast<double>(lines),
          .map_bytes = scrape.sum("rtt_exporter_bpf_map_bytes"),
          .handshakes = scrape.sum("rtt_seconds_count", {{"method", "tcp_handshake"}}),
          .run_seconds = scrape.sum("rtt_exporter_bpf_run_seconds_total"),
          .runs = scrape.sum("rtt_exporter_bpf_runs_total"),
          .scrape_ms = scrape_ms,
          .resident_bytes = static_cast<double>(resident_bytes(pid)),
          .peak_bytes = static_cast<double>(peak_resident_bytes(pid))};
}

void add_row(Table& table, const std::string& name, std::uint32_t addresses, const Reading& now,
             const Reading& before, double seconds) {
  const bool traffic = addresses > 0;
  const double runs = now.runs - before.runs;
  table.add({name, std::to_string(addresses), number(now.series), number(now.lines),
             number(now.resident_bytes / 1e6, 1), number(now.peak_bytes / 1e6, 1),
             number(now.map_bytes / 1e6, 2), number(now.scrape_ms, 1),
             traffic ? number((now.run_seconds - before.run_seconds) / runs * 1e9) : "-",
             traffic ? number((now.handshakes - before.handshakes) / seconds) : "-"});
}

void measure(const support::Namespace& where, const Case& one, Table& table) {
  support::Daemon daemon(where, one.config);
  ManyClients clients;
  Reading before = read(daemon);
  std::uint32_t used = 0;
  for (const std::uint32_t addresses : kStages) {
    const auto begin = base::Clock::now();
    clients.connect_until(addresses);
    const double seconds = base::to_seconds(base::Clock::now() - begin);
    const Reading now = read(daemon);
    // Both ends of each connection are this host's.
    if (now.handshakes - before.handshakes < 2.0 * (addresses - used)) {
      throw support::SetupError("not every handshake was observed");
    }
    add_row(table, one.name, addresses, now, before, seconds);
    before = now;
    used = addresses;
  }
}

}  // namespace

void run() {
  const support::Namespace where;
  where.command({"ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo"});
  Table table("Memory and cost under a growing number of remote addresses",
              {"configured networks", "different addresses so far", "series", "lines of a scrape",
               "resident, MB", "its peak, MB", "BPF maps, MB", "a scrape, ms", "ns per BPF run",
               "handshakes/s, both ends"});
  for (const Case& one : cases()) {
    where.run([&] { measure(where, one, table); });
  }
  table.note(
      "limits.max_series is 1000. Each address makes one short connection with one exchange. ns "
      "per BPF "
      "run: rtt_exporter_bpf_run_seconds_total over rtt_exporter_bpf_runs_total of both programs, "
      "since the "
      "row above.");
  table.print();
}

}  // namespace rtt::bench
