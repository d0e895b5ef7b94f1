// What a scrape costs, the reading of the kernel's histograms included, beside prometheus-cpp's own
// serializer over the same families.
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/scrape_subjects.h"
#include "bench/table.h"
#include "support/netns.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

constexpr std::size_t kLines[] = {1000, 30'000, 300'000};
constexpr std::size_t kSeries[] = {10, 1000, 10'000};

struct Costs {
  std::vector<double> whole, collect, write, prometheus_cpp;  // ns per line, per round
  double lines = 0;
  double bytes = 0;
  double our_peak_bytes = 0;
  double prometheus_cpp_peak_bytes = 0;
};

double lines_of(const std::string& text) {
  return static_cast<double>(std::count(text.begin(), text.end(), '\n'));
}

base::nanoseconds thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return base::to_nanoseconds(time);
}

template <typename Function>
double nanoseconds_of(const Function& function) {
  const base::nanoseconds begin = thread_cpu_time();
  function();
  return static_cast<double>((thread_cpu_time() - begin).count());
}

// By how much the process grows while it runs, what it returns included.
template <typename Function>
double peak_growth(const Function& function) {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): the peak is now
  const std::uint64_t before = resident_bytes(::getpid());
  (void)function();
  return static_cast<double>(peak_resident_bytes(::getpid()) - before);
}

void measure_round(OurScrape& ours, const PrometheusCppScrape& theirs, Costs& costs) {
  ours.exchange();
  costs.whole.push_back(nanoseconds_of([&] { (void)ours.text(); }) / costs.lines);
  ours.exchange();
  costs.collect.push_back(nanoseconds_of([&] { ours.collect(); }) / costs.lines);
  costs.write.push_back(nanoseconds_of([&] { ours.write(); }) / costs.lines);
  std::string text;
  const double their_time = nanoseconds_of([&] { text = theirs.text(); });
  costs.prometheus_cpp.push_back(their_time / lines_of(text));
}

Costs measure(std::size_t lines) {
  const std::size_t peers = lines / (2 * (default_bounds().size() + 3));
  const std::size_t rounds = lines > 100'000 ? 9 : 41;
  OurScrape ours(peers);
  const PrometheusCppScrape theirs(peers);
  Costs costs;
  const OurScrape::Text text = ours.text(true);
  costs.lines = static_cast<double>(text.lines);
  costs.bytes = static_cast<double>(text.bytes);
  for (std::size_t round = 0; round < rounds; ++round) measure_round(ours, theirs, costs);
  ours.check_samples(2 * rounds);
  costs.our_peak_bytes = peak_growth([&] { return ours.text(); });
  costs.prometheus_cpp_peak_bytes = peak_growth([&] { return theirs.text(); });
  return costs;
}

struct FormatSubject {
  const char* name;
  metrics::Format format;
};
constexpr FormatSubject kFormats[] = {{"text", metrics::Format::kText},
                                      {"OpenMetrics", metrics::Format::kOpenMetrics},
                                      {"protobuf, native too", metrics::Format::kProtobuf}};

// One exchange per peer before each scrape, so that the rows of tcp_probe are read every time.
void add_formats(std::size_t series, Table& table) {
  const std::size_t rounds = series > 1000 ? 9 : 41;
  OurScrape ours(series / 2);
  const PrometheusCppScrape theirs(series / 2);
  std::map<std::string, std::vector<double>> microseconds;
  std::map<std::string, double> bytes;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const auto& [name, format] : kFormats) {
      ours.exchange();
      microseconds[name].push_back(
          nanoseconds_of([&] { bytes[name] = static_cast<double>(ours.scrape(format).bytes); }) /
          1e3);
    }
    std::string text;
    microseconds["prometheus-cpp"].push_back(nanoseconds_of([&] { text = theirs.text(); }) / 1e3);
    bytes["prometheus-cpp"] = static_cast<double>(text.size());
  }
  const auto count = static_cast<double>(series);
  const double theirs_us = median(microseconds["prometheus-cpp"]);
  for (const auto& [name, times] : microseconds) {
    const double us = median(times);
    table.add({number(count), name, number(us / 1e3, 2), number(us / count, 2),
               number(bytes[name] / count, 0), number(theirs_us / us, 1)});
  }
}

void run_formats(const support::Namespace& where) {
  Table table("A scrape by format", {"series", "format", "CPU ms per scrape", "CPU us per series",
                                     "bytes per series", "prometheus-cpp's text / this"});
  for (const std::size_t series : kSeries) {
    where.run([&] { add_formats(series, table); });
  }
  table.note(
      "Histograms of the default buckets, native schema 3; half of them tcp_probe, half "
      "tcp_handshake. With "
      "so few series as 10, most is what does not depend on them: the exporter's own families, "
      "process_* "
      "and BPF statistics, which prometheus-cpp's row does not have.");
  table.print();
}

}  // namespace

void run() {
  // As in userspace/app/daemon.cpp.
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
  ::mallopt(M_ARENA_MAX, 2);
  const support::Namespace where;
  Table table("A scrape", {"lines", "response, MB", "ours, ns per line", "of it: sources read",
                           "series copied and written", "prometheus-cpp, ns per line", "ratio",
                           "peak memory of ours, MB", "of prometheus-cpp, MB"});
  for (const std::size_t lines : kLines) {
    const Costs costs = where.run([&] { return measure(lines); });
    const double ours = median(costs.whole);
    const double theirs = median(costs.prometheus_cpp);
    table.add({number(costs.lines), number(costs.bytes / 1e6, 1), number(ours, 1),
               number(median(costs.collect), 1), number(median(costs.write), 1), number(theirs, 0),
               number(theirs / ours, 1), number(costs.our_peak_bytes / 1e6, 1),
               number(costs.prometheus_cpp_peak_bytes / 1e6, 1)});
  }
  table.note(
      "CPU time. Ours is all that happens between request and response: reading the rows of "
      "tcp_probe "
      "and tcp_handshake from the kernel's map, every tcp_probe row with a new sample since the "
      "last "
      "scrape; process_* and BPF statistics; a copy of every series; writing every family, piece "
      "by "
      "piece into the same 32 KiB, as the HTTP server has it done while it sends. Medians of "
      "interleaved rounds.");
  table.print();
  run_formats(where);
}

}  // namespace rtt::bench
