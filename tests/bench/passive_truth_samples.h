// The product's own eBPF source, in this process, counting one remote address.
//
// It shows histograms. So that a single sample is known to the nanosecond, and asking for it does
// not disturb the next one, the sum is read from the kernel's mapped row itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"

namespace rtt::bench {

class ProbeSamples {
 public:
  struct Taken {
    std::uint64_t count = 0;
    base::nanoseconds sum{0};
    std::vector<std::uint64_t> cells;  // one more than bounds
  };

  /// Samples of `method` tcp_probe of connections to `remote` (an IP literal) from now on.
  /// `bounds`: upper ones, rising; at most 511.
  ProbeSamples(const std::string& remote, const std::vector<base::nanoseconds>& bounds);
  ~ProbeSamples();

  /// What was counted since the last call. No system call.
  [[nodiscard]] Taken take();
  /// What a scrape asks of the source.
  void collect();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::bench
