// How near the method tcp_probe comes to what tcpdump saw of the same traffic, and how near the
// kernel's smoothed RTT does, which other programs show.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/passive_truth_traffic.h"
#include "bench/table.h"
#include "support/awake_cpus.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

using base::nanoseconds;

constexpr int kRounds = 3;
constexpr int kExchanges = 2000;
constexpr double kNearUs = 2;
constexpr std::size_t kBounds = 500;
constexpr std::size_t kBlock = 64'000'000;

double to_us(nanoseconds value) { return base::to_seconds(value) * 1e6; }
std::string share(std::size_t part, std::size_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

struct Pairing {
  std::string traffic;
  TwoHosts::Exchanges wanted;
  PairedSamples all = {};
};

void add_row(Table& table, const Pairing& pairing, const std::string& cpus, const std::string& who,
             nanoseconds PairedSample::* value) {
  std::vector<double> errors;
  std::vector<double> sizes;
  for (const PairedSample& sample : pairing.all.samples) {
    errors.push_back(to_us(sample.*value - sample.captured));
    sizes.push_back(std::abs(errors.back()));
  }
  const auto near = std::ranges::count_if(sizes, [](double size) { return size <= kNearUs; });
  table.add({pairing.traffic, cpus, who, share(sizes.size(), pairing.all.exchanges),
             number(100.0 * static_cast<double>(near) / static_cast<double>(sizes.size()), 1),
             number(median(errors), 2), number(quantile(sizes, 0.99), 1),
             number(quantile(sizes, 1), 1)});
}

void measure_exchanges(TwoHosts& hosts, const std::string& cpus, Table& table) {
  std::vector<Pairing> pairings{
      {"request/response, IPv4", {.count = kExchanges}},
      {"request/response, IPv6", {.ipv6 = true, .count = kExchanges}},
      {"100 connections in turn", {.connections = 100, .count = kExchanges}},
      {"IPv4, client not pinned", {.count = kExchanges, .pinned = false}},
      {"IPv4, a scrape in between", {.count = kExchanges, .scrape_between = true}}};
  for (int round = 0; round < kRounds; ++round) {
    for (Pairing& each : pairings) {
      const PairedSamples more = hosts.exchange(each.wanted);
      each.all.exchanges += more.exchanges;
      each.all.samples.insert(each.all.samples.end(), more.samples.begin(), more.samples.end());
    }
  }
  for (const Pairing& each : pairings) {
    if (each.all.samples.size() < each.all.exchanges * 98 / 100) {
      throw support::SetupError("only " + share(each.all.samples.size(), each.all.exchanges) +
                                " exchanges have one sample of everybody");
    }
    add_row(table, each, cpus, "tcp_probe", &PairedSample::probed);
    add_row(table, each, cpus, "srtt", &PairedSample::smoothed);
  }
}

// Where the samples are, so that cells can be narrow there.
std::vector<nanoseconds> bounds_for(const std::vector<nanoseconds>& samples) {
  std::vector<double> us;
  for (const nanoseconds sample : samples) us.push_back(to_us(sample));
  const double low = quantile(us, 0.005) * 0.8;
  const double high = quantile(us, 0.995) * 1.25;
  std::vector<nanoseconds> bounds;
  for (std::size_t i = 0; i <= kBounds; ++i) {
    const double bound_us = low + (high - low) * static_cast<double>(i) / kBounds;
    bounds.emplace_back(std::llround(bound_us * 1e3));
  }
  return bounds;
}

// Evenly within a cell.
double quantile_us(const ProbeSamples::Taken& taken, const std::vector<nanoseconds>& bounds,
                   double q) {
  const double rank = q * static_cast<double>(taken.count);
  double below = 0;
  for (std::size_t cell = 0; cell < bounds.size(); ++cell) {
    const auto inside = static_cast<double>(taken.cells[cell]);
    if (below + inside >= rank && inside > 0) {
      const double from = cell == 0 ? 0 : to_us(bounds[cell - 1]);
      return from + (to_us(bounds[cell]) - from) * (rank - below) / inside;
    }
    below += inside;
  }
  return to_us(bounds.back());
}

constexpr std::array kQuantiles{0.1, 0.25, 0.5, 0.75, 0.9, 0.99};

// Differences from tcpdump's quantiles, and of the means; per round.
struct Differences {
  std::array<std::vector<double>, kQuantiles.size()> quantiles;
  std::vector<double> means;
  std::vector<double> samples;

  void add_to(Table& table, std::vector<std::string> row) const {
    row.push_back(number(median(samples)));
    for (const auto& values : quantiles) row.push_back(number(median(values), 1));
    row.push_back(number(median(means), 1));
    table.add(std::move(row));
  }
};

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<double> in_us(const std::vector<nanoseconds>& values) {
  std::vector<double> us;
  for (const nanoseconds value : values) us.push_back(to_us(value));
  return us;
}

struct Bulk {
  std::string traffic;
  TwoHosts::Transfer wanted;
  std::vector<nanoseconds> bounds = {};
  Differences captured = {};  // from 0: the values themselves
  Differences probed = {};
  Differences smoothed = {};

  void add_round(TwoHosts& hosts) {
    const BulkSamples round = hosts.send(wanted, bounds);
    if (round.captured.size() < 100 || round.smoothed.size() < 10 || round.probed.count < 100) {
      throw support::SetupError("too few samples of a transfer");
    }
    const auto truth = in_us(round.captured);
    const auto srtt = in_us(round.smoothed);
    for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
      const double true_us = quantile(truth, kQuantiles[i]);
      captured.quantiles[i].push_back(true_us);
      probed.quantiles[i].push_back(quantile_us(round.probed, bounds, kQuantiles[i]) - true_us);
      smoothed.quantiles[i].push_back(quantile(srtt, kQuantiles[i]) - true_us);
    }
    const auto counted = static_cast<double>(round.probed.count);
    captured.means.push_back(mean(truth));
    probed.means.push_back(to_us(round.probed.sum) / counted - mean(truth));
    smoothed.means.push_back(mean(srtt) - mean(truth));
    captured.samples.push_back(static_cast<double>(truth.size()));
    probed.samples.push_back(counted);
    smoothed.samples.push_back(static_cast<double>(srtt.size()));
  }
};

void measure_bulk(TwoHosts& hosts, const std::string& cpus, Table& table) {
  std::vector<Bulk> transfers{{"bulk, 32 KiB send buffer", {kBlock, 5, 32 * 1024}},
                              {"bulk, full buffers", {kBlock, 10, 0}}};
  for (Bulk& each : transfers) {
    each.bounds = bounds_for(hosts.send(each.wanted, {std::chrono::seconds(1)}).captured);
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Bulk& each : transfers) each.add_round(hosts);
  }
  for (const Bulk& each : transfers) {
    each.captured.add_to(table, {each.traffic, cpus, "tcpdump, us"});
    each.probed.add_to(table, {each.traffic, cpus, "tcp_probe, difference"});
    each.smoothed.add_to(table, {each.traffic, cpus, "srtt, difference"});
  }
}

}  // namespace

void run() {
  Table exchanges("Passive truth, request/response over veth: each sample against tcpdump's",
                  {"traffic", "CPUs", "who", "exchanges compared", "within 2 us, %",
                   "median difference, us", "p99 of its size", "largest"});
  Table bulk(
      "Passive truth, bulk over veth: quantiles of all samples against tcpdump's, in us",
      {"traffic", "CPUs", "who", "samples", "p10", "p25", "p50", "p75", "p90", "p99", "mean"});
  for (const bool busy : {false, true}) {
    TwoHosts hosts;
    std::optional<support::AwakeCpus> awake;
    if (busy) awake.emplace();
    const std::string cpus = busy ? "busy" : "idle";
    measure_exchanges(hosts, cpus, exchanges);
    measure_bulk(hosts, cpus, bulk);
  }
  exchanges.note(
      "An exchange is compared when the capture and the exporter's source have one sample of it "
      "each. srtt: TCP_INFO right after the exchange. A sample begins when TCP stamps the segment, "
      "tcpdump's when the "
      "device's tap sees it: the way between is the difference, longer with cold caches, as after "
      "a move to "
      "another CPU or other work. The client is pinned to a CPU where nothing else is said.");
  bulk.note(
      "Rows other than tcpdump's: difference from it. Medians of 3 rounds. srtt: TCP_INFO every "
      "millisecond.");
  exchanges.print();
  bulk.print();
}

}  // namespace rtt::bench
