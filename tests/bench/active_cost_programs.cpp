#include "bench/active_cost_programs.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <sstream>
#include <thread>

#include "bench/active_cost_blackbox.h"
#include "bench/big_scrape.h"
#include "bench/measure.h"
#include "support/daemon.h"
#include "support/http_client.h"
#include "support/metrics_text.h"
#include "support/process.h"
#include "support/setup_error.h"
#include "support/temporary_directory.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::Namespace;
using support::SetupError;
using Peers = std::vector<std::string>;

double percent(double part, double whole) {
  if (whole <= 0) throw SetupError("no probes in a program's own report");
  return 100 * part / whole;
}

class Exporter final : public Program {
 public:
  Exporter(const Namespace& where, const Peers& peers)
      : where_(where),
        daemon_(where, fmt::format("limits: {{max_series: 20000}}\n"
                                   "passive:\n"
                                   "  tcp_probe: {{enabled: false}}\n"
                                   "  tcp_info: {{enabled: false}}\n"
                                   "probes:\n  ping: {{method: icmp, interval: 1s}}\n"
                                   "targets:\n  - {{name: t, probes: [ping], hosts: [{}]}}\n",
                                   fmt::join(peers, ", "))) {}

  pid_t pid() const override { return daemon_.process().pid(); }

  Report report() override {
    const std::string text = scrape_text(where_, 10049);
    std::vector<double> rtts_us = values_of(text, "rtt_smoothed_seconds");
    for (double& rtt : rtts_us) rtt *= 1e6;
    if (rtts_us.empty()) throw SetupError("rtt_exporter reports no RTT");
    const double lost =
        sum_of(text, "rtt_probes_lost_total") + sum_of(text, "rtt_probes_failed_total");
    return {.median_rtt_us = median(rtts_us),
            .lost_percent = percent(lost, sum_of(text, "rtt_probes_sent_total"))};
  }

 private:
  const Namespace& where_;
  mutable support::Daemon daemon_;
};

class Fping final : public Program {
 public:
  /// `gap_ms`: between two packets.
  Fping(const Namespace& where, const Peers& peers, double gap_ms)
      : process_({"fping", "-l", "-q", "-p", "1000", "-i", fmt::format("{:.3f}", gap_ms), "-f",
                  directory_.write("peers", fmt::format("{}\n", fmt::join(peers, "\n")))},
                 {.where = &where}) {}

  pid_t pid() const override { return process_.pid(); }

  Report report() override {
    process_.signal(SIGINT);
    if (!process_.wait(10s)) throw SetupError("fping does not end");
    std::istringstream lines(process_.errors());
    std::vector<double> averages_us;
    double sent = 0;
    double received = 0;
    for (std::string line; std::getline(lines, line);) {
      double peer_sent = 0, peer_received = 0, percent = 0, least = 0, average_ms = 0;
      const std::size_t at = line.find(" : ");
      if (at == std::string::npos ||
          std::sscanf(line.c_str() + at, " : xmt/rcv/%%loss = %lf/%lf/%lf%%, min/avg/max = %lf/%lf",
                      &peer_sent, &peer_received, &percent, &least, &average_ms) != 5) {
        continue;
      }
      sent += peer_sent;
      received += peer_received;
      averages_us.push_back(average_ms * 1e3);
    }
    if (averages_us.empty()) throw SetupError("fping reports no RTT: " + process_.errors());
    return {.median_rtt_us = median(averages_us), .lost_percent = percent(sent - received, sent)};
  }

 private:
  support::TemporaryDirectory directory_;
  support::Process process_;
};

class Smokeping final : public Program {
 public:
  Smokeping(const Namespace& where, const Peers& peers)
      : where_(where), process_(command(peers), {.where = &where}) {}

  pid_t pid() const override { return process_.pid(); }

  Report report() override {
    // The replies of its first second it does not count yet.
    const std::string before = scrape_text(where_, 9374);
    std::this_thread::sleep_for(1s);
    const std::string text = scrape_text(where_, 9374);
    const std::string responses = "smokeping_response_duration_seconds";
    std::map<double, double> cumulative;
    for_each_sample(text, responses + "_bucket", [&](const std::string& labels, double value) {
      const std::size_t at = labels.find("le=\"") + 4;
      cumulative[std::stod(labels.substr(at))] += value;
    });
    support::HistogramSample histogram;
    for (const auto& [bound, count] : cumulative) histogram.buckets.push_back({bound, count});
    histogram.count = sum_of(text, responses + "_count");
    const auto rtt = histogram.median();
    if (!rtt) throw SetupError("smokeping_prober reports no RTT");
    const double sent =
        sum_of(text, "smokeping_requests_total") - sum_of(before, "smokeping_requests_total");
    const double lost = sent - (histogram.count - sum_of(before, responses + "_count"));
    return {.median_rtt_us = *rtt * 1e6, .lost_percent = percent(std::max(lost, 0.0), sent)};
  }

 private:
  static Peers command(const Peers& peers) {
    // As many buckets as by default, at the sizes that round trips on loopback have. With raw
    // sockets, one per peer, every reply would be delivered to all of them.
    Peers argv = {"prometheus-smokeping-prober", "--no-privileged", "--log.level=error",
                  "--web.listen-address=127.0.0.1:9374",
                  "--buckets=2e-6,4e-6,6e-6,8e-6,1e-5,1.5e-5,2e-5,3e-5,4e-5,5e-5,6e-5,8e-5,1e-4,"
                  "1.5e-4,2e-4,3e-4,5e-4,1e-3,1e-2,1"};
    argv.insert(argv.end(), peers.begin(), peers.end());
    return argv;
  }

  const Namespace& where_;
  support::Process process_;
};

}  // namespace

std::vector<Contender> contenders() {
  const auto spread = [](const Namespace& where, const Peers& peers) {
    return std::make_unique<Fping>(where, peers, 1000.0 / static_cast<double>(peers.size()));
  };
  const auto at_once = [](const Namespace& where, const Peers& peers) {
    return std::make_unique<Fping>(where, peers, 0);
  };
  return {
      {.name = "rtt_exporter",
       .executable = "",
       .sizes = {500, 2000, 10000},
       .start = [](const auto& where,
                   const auto& peers) { return std::make_unique<Exporter>(where, peers); }},
      {.name = "fping, spread",
       .executable = "fping",
       .sizes = {500, 2000, 10000},
       .start = spread},
      {.name = "fping, one burst",
       .executable = "fping",
       .sizes = {500, 2000, 10000},
       .start = at_once},
      {.name = "smokeping_prober",
       .executable = "prometheus-smokeping-prober",
       .sizes = {500, 2000},
       .start = [](const auto& where,
                   const auto& peers) { return std::make_unique<Smokeping>(where, peers); }},
      {.name = "blackbox_exporter",
       .executable = "prometheus-blackbox-exporter",
       .sizes = {500},
       .state_per_peer = false,
       .start = start_blackbox},
  };
}

}  // namespace rtt::bench
