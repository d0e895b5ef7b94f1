// How far the RTTs that programs report are from what tcpdump sees at the same time.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include "bench/active_truth_programs.h"
#include "bench/active_truth_tap.h"
#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRounds = 3;
constexpr std::size_t kFewest = 20;

/// A thread of normal priority on every CPU that never rests.
class BusyCpus {
 public:
  BusyCpus() {
    for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu) {
      threads_.emplace_back([this, cpu] {
        cpu_set_t only;
        CPU_ZERO(&only);
        CPU_SET(cpu, &only);
        pthread_setaffinity_np(pthread_self(), sizeof only, &only);
        while (!stop_) {
        }
      });
    }
  }
  ~BusyCpus() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  BusyCpus(const BusyCpus&) = delete;
  BusyCpus& operator=(const BusyCpus&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

struct Condition {
  std::string name;
  base::nanoseconds delay;
  bool busy;
};

const std::vector<Condition>& conditions() {
  static const std::vector<Condition> kAll = {{"at once, idle", 0ms, false},
                                              {"2 ms, idle", 2ms, false},
                                              {"at once, busy", 0ms, true},
                                              {"2 ms, busy", 2ms, true}};
  return kAll;
}

/// Reported minus true RTTs, in microseconds.
using Errors = std::vector<double>;
/// By the name of the reporter and the index of the condition.
using AllErrors = std::map<std::pair<std::string, std::size_t>, Errors>;

// Two rows that are no program's.
constexpr const char* kUntapped = "device queue to driver, nobody captures";
constexpr const char* kTapped = "device queue to driver, tcpdump captures";

void append(Errors& to, const std::vector<double>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

struct Run {
  const Reporter* reporter;
  std::vector<Reported> reported;
};

/// The last exchange that had ended by then; null: none.
const Truth* last_before(const std::vector<Truth>& all, base::nanoseconds when) {
  const auto after = std::ranges::find_if(
      all, [when](const Truth& truth) { return truth.sent + truth.rtt > when; });
  return after == all.begin() ? nullptr : &*std::prev(after);
}

void compare(const Run& run, const std::vector<Truth>& all, Errors& errors) {
  std::size_t compared = 0;
  for (std::size_t i = kWarmUp; i < run.reported.size(); ++i) {
    const auto& [earliest, latest, rtt_us] = run.reported[i];
    const Truth* truth = last_before(all, earliest);
    if (truth == nullptr || truth != last_before(all, latest)) continue;
    errors.push_back(rtt_us - static_cast<double>(truth->rtt.count()) / 1e3);
    ++compared;
  }
  if (compared < kFewest) {
    throw support::SetupError(run.reporter->name +
                              " reported too little: " + std::to_string(run.reported.size()) +
                              " times, " + std::to_string(compared) + " of use");
  }
}

void measure(const std::vector<Reporter>& all, std::size_t index, AllErrors& errors) {
  const Condition& condition = conditions()[index];
  const Bed bed(condition.delay);
  std::unique_ptr<BusyCpus> busy;
  if (condition.busy) busy = std::make_unique<BusyCpus>();
  append(errors[{kUntapped, index}], queue_to_driver_us(bed));
  support::Capture capture = bed.capture();
  append(errors[{kTapped, index}], queue_to_driver_us(bed));
  std::vector<Run> runs;
  for (const Reporter& reporter : all) {
    if (condition.delay > 0ns && !reporter.delayable) continue;
    runs.push_back({&reporter, reporter.run(bed)});
  }
  busy.reset();
  const auto packets = capture.finish();
  for (const Run& run : runs) {
    compare(run, exchanges(packets, run.reporter->kind, bed.peer()),
            errors[{run.reporter->name, index}]);
  }
}

std::string cell(const AllErrors& errors, const std::string& name, std::size_t condition) {
  const auto found = errors.find({name, condition});
  if (found == errors.end()) return "-";
  std::vector<double> sizes;
  for (const double error : found->second) sizes.push_back(std::abs(error));
  return number(median(found->second), 1) + " (" + number(quantile(sizes, 0.99), 1) + ")";
}

}  // namespace

void run() {
  Table table("RTT reported minus tcpdump's, us: median (99 % of the errors are no larger)",
              {"program", conditions()[0].name, conditions()[1].name, conditions()[2].name,
               conditions()[3].name});
  std::vector<Reporter> all = reporters();
  std::erase_if(all, [&](const Reporter& reporter) {
    if (reporter.executable.empty() || installed(reporter.executable)) return false;
    table.note(reporter.name + " is not installed.");
    return true;
  });
  AllErrors errors;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < conditions().size(); ++i) measure(all, i, errors);
  }
  std::vector<std::string> names;
  for (const Reporter& reporter : all) names.push_back(reporter.name);
  names.insert(names.end(), {kUntapped, kTapped});
  for (const std::string& name : names) {
    std::vector<std::string> row = {name};
    for (std::size_t i = 0; i < conditions().size(); ++i) row.push_back(cell(errors, name, i));
    table.add(std::move(row));
  }
  table.note(
      "Between two namespaces over veth; the peer answers at once or after about 2 ms; busy: one "
      "thread of normal priority spins on every CPU; probes leave 2 to 10 ms apart.");
  table.note(
      "A packet that arrives has one stamp for tcpdump and for us. One that leaves has tcpdump's "
      "first, then its tap works, then comes the driver's, which the kernel reports. The last two "
      "rows measure that way: their difference is tcpdump's own work, which makes its round trips "
      "longer and exact ones look short.");
  table.note(
      "ping and fping print three digits, which is 10 us at 2 ms. tcp_connect is the kernel's own "
      "handshake, which nothing delays here.");
  table.print();
}

}  // namespace rtt::bench
