// What the exporter costs the traffic of its host: request/response and bulk over loopback with and
// without it, and with other things on the same hook.
#include <algorithm>
#include <cmath>
#include <random>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "bench/throughput_condition.h"
#include "bench/throughput_load.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRounds = 9;
constexpr int kIperf3Rounds = 16;  // memory bandwidth varies more
// Short ones: their median is not moved by what else happens on the machine for some milliseconds.
constexpr auto kWindow = 40ms;
constexpr int kWindows = 7;

double median_rate(Throughput& load) {
  static_cast<void>(load.rate(kWindow));  // warms up
  std::vector<double> rates;
  for (int i = 0; i < kWindows; ++i) rates.push_back(load.rate(kWindow));
  return median(rates);
}

// Under one condition, and with nothing before and after it: per round.
struct Rates {
  std::vector<double> with;
  std::vector<double> without;

  [[nodiscard]] std::vector<double> costs_percent() const {
    std::vector<double> costs;
    for (std::size_t i = 0; i < with.size(); ++i) costs.push_back(100 * (1 - with[i] / without[i]));
    return costs;
  }
};

std::vector<Rates> measure(const support::Namespace& host, Throughput& load,
                           const std::vector<Condition>& conditions, int rounds) {
  std::vector<Rates> rates(conditions.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < conditions.size(); ++i) order.push_back(i);
  std::mt19937 random(1);
  double before = median_rate(load);
  for (int round = 0; round < rounds; ++round) {
    std::ranges::shuffle(order, random);
    for (const std::size_t i : order) {
      conditions[i].hold(host, [&] {
        const std::uint64_t acknowledged = load.acknowledgements();
        rates[i].with.push_back(median_rate(load));
        return static_cast<double>(load.acknowledgements() - acknowledged);
      });
      const double after = median_rate(load);
      rates[i].without.push_back((before + after) / 2);
      before = after;
    }
  }
  return rates;
}

std::string range(double low, double high) { return number(low, 1) + " to " + number(high, 1); }

// The order statistics between which the true median lies with 95 % probability, whatever the
// distribution (normal approximation of the binomial one).
std::string interval_of_median(std::vector<double> values) {
  std::ranges::sort(values);
  const auto count = static_cast<double>(values.size());
  const double rank = std::floor(count / 2 - 1.96 * std::sqrt(count) / 2);
  const auto low = static_cast<std::size_t>(std::max(0.0, rank));
  return range(values[low], values[values.size() - 1 - low]);
}

void add_rows(Table& table, const std::string& load, double unit,
              const std::vector<Condition>& conditions, const std::vector<Rates>& rates) {
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const std::vector<double> costs = rates[i].costs_percent();
    table.add({load, conditions[i].name, number(median(rates[i].without) / unit, 1),
               number(median(rates[i].with) / unit, 1), number(median(costs), 1),
               range(quantile(costs, 0.25), quantile(costs, 0.75)), interval_of_median(costs)});
  }
}

}  // namespace

void run() {
  const auto all = conditions();
  Table table("Throughput over loopback", {"load", "what is added", "without it", "with it",
                                           "cost, %", "quartiles", "95 % interval of the median"});
  {
    const support::Namespace host;
    PingPong load(host);
    add_rows(table, "request/response, 1,000/s", 1e3, all, measure(host, load, all, kRounds));
  }
  {
    const support::Namespace host;
    Iperf3 load(host);
    const std::vector<Condition> programs(all.begin() + kFirstProgram, all.end());
    add_rows(table, "iperf3, Gbit/s", 1e9 / 8, programs,
             measure(host, load, programs, kIperf3Rounds));
  }
  table.note("Medians of " + std::to_string(kRounds) + " rounds (iperf3: " +
             std::to_string(kIperf3Rounds) + ") in random order, each " + std::to_string(kWindows) +
             " windows of 40 ms; the cost is against the mean of the same right before and right "
             "after. Request/response: one byte on one connection between two threads on one CPU.");
  table.note(
      "tcprtt itself needs a kernel with fentry or kprobes, so its program runs on the hook of "
      "ours. rtt_exporter is the daemon with its default configuration.");
  table.print();
}

}  // namespace rtt::bench
