#include "soak/verdict.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>

#include "bench/table.h"
#include "support/trend.h"

namespace rtt::soak {
namespace {

using bench::number;

// The allocator needs some minutes until it holds what the busiest moment takes.
constexpr std::size_t kWarmUpShare = 4;  // the first fourth of the rests does not count
constexpr std::chrono::minutes kShortestForMemory(5);

#ifdef RTT_SANITIZE
// AddressSanitizer keeps what was freed, so memory grows; what leaks it says at the end, and the exit code with it.
constexpr bool kMemoryIsOurs = false;
#else
constexpr bool kMemoryIsOurs = true;
#endif

struct Quantity {
  std::string name;
  std::function<double(const Rest&)> value;
  double allowed;  // growth from the first to the last third
  bool is_memory;
};

std::vector<Quantity> quantities() {
  constexpr double kMegabyte = 1e6;
  return {
      {"descriptors", [](const Rest& rest) { return rest.descriptors; }, 0, false},
      {"threads", [](const Rest& rest) { return rest.threads; }, 0, false},
      {"BPF maps", [](const Rest& rest) { return rest.bpf_maps; }, 0, false},
      {"BPF programs", [](const Rest& rest) { return rest.bpf_programs; }, 0, false},
      {"anonymous, MB", [](const Rest& rest) { return rest.anonymous_bytes / kMegabyte; }, 1, true},
      {"resident, MB", [](const Rest& rest) { return rest.resident_bytes / kMegabyte; }, 1, true}};
}

// Whether it is flat.
bool add_row(const Quantity& quantity, const std::vector<Rest>& rests, bool is_judged,
             bench::Table& table) {
  std::vector<double> values;
  for (std::size_t i = rests.size() / kWarmUpShare; i < rests.size(); ++i) {
    values.push_back(quantity.value(rests[i]));
  }
  const support::Trend trend = support::trend_of(values);
  const bool flat = trend.growth() <= quantity.allowed;
  const int digits = quantity.is_memory ? 2 : 0;
  table.add({quantity.name, number(quantity.value(rests.front()), digits),
             number(trend.early, digits), number(trend.late, digits),
             number(trend.growth(), digits), number(quantity.allowed, digits),
             !is_judged ? "not judged"
             : flat     ? "flat"
                        : "GROWS"});
  return flat || !is_judged;
}

bool print_rests(std::chrono::seconds lasted, const Observer& observer) {
  const std::vector<Rest>& rests = observer.rests();
  bench::Table table(
      "Soak: " + std::to_string(lasted.count()) + " s, what the daemon takes at rest",
      {"", "first rest", "first third", "last third", "growth", "allowed", ""});
  const bool long_enough = lasted >= kShortestForMemory;
  bool all_flat = true;
  for (const Quantity& quantity : quantities()) {
    const bool is_judged = !quantity.is_memory || (long_enough && kMemoryIsOurs);
    all_flat &= add_row(quantity, rests, is_judged, table);
  }
  table.note("Medians of the thirds of " + std::to_string(rests.size()) +
             " rests, without the first fourth of them, which is warm-up.");
  if (!long_enough) table.note("Memory is judged from 300 s on.");
  if (!kMemoryIsOurs) table.note("With sanitizers memory is LeakSanitizer's to judge, at the end.");
  const Peak& peak = observer.peak();
  table.note("Most under load: " + std::to_string(peak.descriptors) + " descriptors, " +
             std::to_string(peak.threads) + " threads, " + std::to_string(peak.bpf_maps) +
             " BPF maps, " + number(static_cast<double>(peak.resident_bytes) / 1e6, 1) +
             " MB resident.");
  table.print();
  return all_flat;
}

// Whether all of it came about.
bool print_load(const Findings& findings) {
  bench::Table table("Soak: the load meanwhile", {"", "times", "slowest, s"});
  bool complete = true;
  for (const auto& [activity, done] : findings.done()) {
    complete &= done.times > 0;
    table.add({activity, std::to_string(done.times), number(base::to_seconds(done.slowest), 2)});
  }
  table.print();
  std::cout << "\n";
  return complete;
}

}  // namespace

bool judge(std::chrono::seconds lasted, const Observer& observer, const Findings& findings) {
  const bool flat = print_rests(lasted, observer);
  const bool complete = print_load(findings);
  for (const std::string& finding : findings.first()) std::cout << "FOUND: " << finding << "\n";
  const bool passed = flat && complete && findings.count() == 0;
  std::cout << (passed ? "PASS" : "FAIL") << ": " << findings.count() << " findings, "
            << (flat ? "everything flat" : "something grows")
            << (complete ? "" : ", some load never came about") << "\n";
  return passed;
}

}  // namespace rtt::soak
