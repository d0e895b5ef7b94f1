#include "metrics/process_metrics.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

#include "base/logging.h"

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
constexpr FamilyInfo kDroppedLogLines = {"rtt_exporter_log_lines_dropped_total",
                                         "Lines of the log that were lost because stderr did not "
                                         "take them: disk full, or nobody reads."};

// proc(5), /proc/pid/stat: fields are counted from 1; the second one is the name in parentheses,
// which may hold spaces.
double start_seconds_since_boot() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(text.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  constexpr std::size_t kStartTime = 22 - 3;
  if (fields.size() <= kStartTime) return 0;
  return std::strtod(fields[kStartTime].c_str(), nullptr) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Memory {
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

// Cheaper than /proc/self/stat, for which the kernel adds up much else.
Memory read_memory(int statm) {
  std::array<char, 256> text{};
  if (pread(statm, text.data(), text.size() - 1, 0) <= 0) return {};
  char* rest = nullptr;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  const double virtual_pages = std::strtod(text.data(), &rest);
  return {virtual_pages * page, std::strtod(rest, nullptr) * page};
}

double cpu_seconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Not btime of /proc/stat, which a service with ProcSubset=pid does not see.
double boot_time_seconds() {
  timespec since_boot{};
  if (clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return 0;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return now.count() - static_cast<double>(since_boot.tv_sec) -
         static_cast<double>(since_boot.tv_nsec) * 1e-9;
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

ProcessMetrics::ProcessMetrics(ExporterMetrics& metrics)
    : metrics_(metrics), statm_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {
  metrics_.set_gauge(kStartTime, {}, boot_time_seconds() + start_seconds_since_boot());
}

void ProcessMetrics::collect() {
  const double cpu_now = std::max(cpu_seconds(), cpu_seconds_);
  metrics_.add_counter(kCpuSeconds, {}, cpu_now - std::exchange(cpu_seconds_, cpu_now));
  metrics_.set_gauge(kOpenFds, {}, count_open_fds());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    metrics_.set_gauge(kMaxFds, {}, static_cast<double>(limit.rlim_cur));
  }
  const Memory memory = read_memory(statm_.get());
  metrics_.set_gauge(kVirtualMemory, {}, memory.virtual_bytes);
  metrics_.set_gauge(kResidentMemory, {}, memory.resident_bytes);
  const std::uint64_t dropped = base::dropped_log_lines();
  metrics_.add_counter(kDroppedLogLines, {},
                       static_cast<double>(dropped - std::exchange(dropped_log_lines_, dropped)));
}

}  // namespace rtt::metrics
