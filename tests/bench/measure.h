// What benchmarks measure with. Errors are thrown (support/setup_error.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace rtt::bench {

/// CPU time of a process since its start, all its threads, in user space and in the kernel.
[[nodiscard]] base::nanoseconds cpu_time(pid_t pid);
/// Resident memory of a process, and the most it ever was, in bytes.
[[nodiscard]] std::uint64_t resident_bytes(pid_t pid);
[[nodiscard]] std::uint64_t peak_resident_bytes(pid_t pid);

/// The value that the share `q` (0 to 1) of the values does not exceed. Precondition: not empty.
[[nodiscard]] double quantile(std::vector<double> values, double q);
[[nodiscard]] inline double median(const std::vector<double>& values) {
  return quantile(values, 0.5);
}

/// Whether a program of that name is in PATH: a peer that is not installed gets a note, not a row.
[[nodiscard]] bool installed(const std::string& program);

}  // namespace rtt::bench
