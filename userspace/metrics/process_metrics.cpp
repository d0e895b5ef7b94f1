#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

namespace rtt::metrics {
namespace {

constexpr FamilyInfo kCpuSeconds = {"process_cpu_seconds_total",
                                    "Total user and system CPU time spent in seconds."};
constexpr FamilyInfo kOpenFds = {"process_open_fds", "Number of open file descriptors."};
constexpr FamilyInfo kMaxFds = {"process_max_fds", "Maximum number of open file descriptors."};
constexpr FamilyInfo kVirtualMemory = {"process_virtual_memory_bytes",
                                       "Virtual memory size in bytes."};
constexpr FamilyInfo kResidentMemory = {"process_resident_memory_bytes",
                                        "Resident memory size in bytes."};
constexpr FamilyInfo kStartTime = {"process_start_time_seconds",
                                   "Start time of the process since unix epoch in seconds."};

struct ProcessStat {
  double cpu_seconds = 0;
  double start_seconds_since_boot = 0;
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

// proc(5), /proc/pid/stat: fields are counted from 1; the second one is the name in parentheses,
// which may hold spaces.
ProcessStat read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  const auto field = [&fields](std::size_t number) {
    const std::size_t index = number - 3;
    return index < fields.size() ? std::strtod(fields[index].c_str(), nullptr) : 0.0;
  };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return {(field(14) + field(15)) / ticks, field(22) / ticks, field(23),
          field(24) * static_cast<double>(sysconf(_SC_PAGESIZE))};
}

double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string key; file >> key;) {
    double value = 0;
    if (key == "btime" && file >> value) return value;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

double count_open_fds() {
  // Since Linux 6.2 the size of the directory is the number of its entries, and they need not be read.
  struct stat status{};
  if (::stat("/proc/self/fd", &status) == 0 && status.st_size > 0) {
    return static_cast<double>(status.st_size);
  }
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return 0;
  // One of them is the iterator's own.
  return static_cast<double>(std::distance(begin(entries), end(entries))) - 1;
}

}  // namespace

ProcessMetrics::ProcessMetrics(ExporterMetrics& metrics) : metrics_(metrics) {
  metrics_.set_gauge(kStartTime, {}, boot_time_seconds() + read_stat().start_seconds_since_boot);
}

void ProcessMetrics::collect() {
  const ProcessStat stat = read_stat();
  metrics_.add_counter(kCpuSeconds, {}, std::max(0.0, stat.cpu_seconds - cpu_seconds_));
  cpu_seconds_ = std::max(cpu_seconds_, stat.cpu_seconds);
  metrics_.set_gauge(kOpenFds, {}, count_open_fds());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    metrics_.set_gauge(kMaxFds, {}, static_cast<double>(limit.rlim_cur));
  }
  metrics_.set_gauge(kVirtualMemory, {}, stat.virtual_bytes);
  metrics_.set_gauge(kResidentMemory, {}, stat.resident_bytes);
}

}  // namespace rtt::metrics
