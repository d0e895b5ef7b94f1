// ICMP probes of loopback addresses beside something else: whether it disturbs them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "metrics/series.h"

namespace rtt::bench {

/// How probes have fared so far, over all runs.
class ProbeFate {
 public:
  ProbeFate();

  /// Probes on a thread of its own while `meanwhile` runs on the calling one, which is inside the
  /// namespace. Throws when probing does not work there.
  void probe_during(const std::function<void()>& meanwhile);

  struct Counts {
    std::uint64_t replied = 0;
    std::uint64_t missed = 0;  // lost or failed
  };
  [[nodiscard]] Counts counts() const;
  /// Microseconds that the share `q` of the round trips did not exceed, to 4 %.
  [[nodiscard]] double rtt(double q) const;
  /// The same of how late timers of the probing thread were.
  [[nodiscard]] double lateness(double q) const;

 private:
  std::vector<std::shared_ptr<metrics::ProbeSeries>> series_;
  std::vector<double> lateness_;
};

}  // namespace rtt::bench
