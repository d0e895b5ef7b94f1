// Looks at the daemon while a soak runs: what it takes, what it counts, and what it leaves in the kernel.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "soak/bed.h"
#include "soak/findings.h"
#include "support/metrics_text.h"
#include "support/process_usage.h"

namespace rtt::soak {

/// What the daemon takes when nothing is going on.
struct Rest {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t bpf_maps = 0;
  std::size_t bpf_programs = 0;
  double anonymous_bytes = 0;
  double resident_bytes = 0;
};

/// The most that was seen under load.
struct Peak {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t bpf_maps = 0;
  std::uint64_t resident_bytes = 0;
};

class Observer {
 public:
  /// Both must outlive it.
  Observer(Bed& bed, Findings& findings) : bed_(bed), findings_(findings) {}

  /// A look under load. Finds counters that fell since the last one, and ledgers that do not balance.
  void look();
  /// To be called with no load: back to the rest configuration, then the least that is taken within `time`, or more
  /// time while it is more than at the first rest. Finds measurements that stand still, and BPF objects that outlived
  /// their owner.
  void rest(std::chrono::milliseconds time);
  /// Ends the daemon and finds what it leaves behind.
  void stop();

  [[nodiscard]] const std::vector<Rest>& rests() const { return rests_; }
  [[nodiscard]] const Peak& peak() const { return peak_; }

 private:
  support::ProcessUsage usage();
  void scrape();
  void expect_progress();
  void expect_none_left(const support::ProcessUsage& held);
  [[nodiscard]] bool is_as_at_first(const Rest& rest) const;

  Bed& bed_;
  Findings& findings_;
  std::optional<support::Scrape> last_;       // the newest
  std::optional<support::Scrape> last_rest_;  // that of the last rest
  std::vector<Rest> rests_;
  Peak peak_;
  std::set<std::uint32_t> maps_;      // every id that was ever seen
  std::set<std::uint32_t> programs_;  // the same
};

}  // namespace rtt::soak
