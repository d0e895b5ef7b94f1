#include "bench/measure.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/setup_error.h"

namespace rtt::bench {
namespace {

// From /proc/<pid>/status, where the unit is kB.
std::uint64_t status_bytes(pid_t pid, const std::string& field) {
  const std::string path = "/proc/" + std::to_string(pid) + "/status";
  std::ifstream status(path);
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  throw support::SetupError(path + " has no " + field);
}

}  // namespace

base::nanoseconds cpu_time(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    throw support::SetupError("no CPU clock of process " + std::to_string(pid));
  }
  return base::to_nanoseconds(time);
}

std::uint64_t resident_bytes(pid_t pid) { return status_bytes(pid, "VmRSS"); }
std::uint64_t peak_resident_bytes(pid_t pid) { return status_bytes(pid, "VmHWM"); }

double quantile(std::vector<double> values, double q) {
  assert(!values.empty());
  const auto rank =
      static_cast<std::ptrdiff_t>(std::ceil(q * static_cast<double>(values.size()))) - 1;
  const auto at = values.begin() + std::max<std::ptrdiff_t>(rank, 0);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

bool installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace rtt::bench
