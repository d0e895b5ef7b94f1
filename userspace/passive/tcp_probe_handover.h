// What the programs of all instances of the source have in common: which of them counts (the user side of
// bpf/handover.bpf.h), how far apart the clocks are, which answers about prefixes still hold, and how many
// events count (bpf/sampling.bpf.h).
//
// One object, shared by all instances of a process. For the control loop.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "passive/tcp_probe_mapping.h"

namespace rtt::passive {

class HandOver {
 public:
  [[nodiscard]] static base::Result<std::shared_ptr<HandOver>> create();

  /// The maps that every instance's programs use.
  [[nodiscard]] int state_fd() const { return state_fd_.get(); }
  [[nodiscard]] int passed_fd() const { return passed_fd_.get(); }

  /// A number for a new instance.
  [[nodiscard]] std::uint32_t next_generation() { return ++last_generation_; }
  /// From here on `generation` counts, and no other. Waits once for running programs when another
  /// one counted.
  void activate(std::uint32_t generation);
  /// The programs of `generation` are detached.
  void retire(std::uint32_t generation);

  /// CLOCK_REALTIME minus CLOCK_MONOTONIC, from here on.
  void set_clock_difference(base::nanoseconds realtime_minus_monotonic);

  /// What the programs remember of prefixes is void from here on.
  void forget_prefixes();

  /// From here on one acknowledgement in `interval` counts, with that weight. 1 at first; a power of two.
  void set_sampling_interval(std::uint32_t interval);
  /// CPU time that all programs took so far, estimated from the runs that were timed.
  [[nodiscard]] base::nanoseconds programs_cost() const;

  /// Returns when every program run that was under way has ended (an RCU grace period, some
  /// milliseconds).
  void wait_for_running_programs();

 private:
  HandOver(base::UniqueFd state_fd, base::UniqueFd passed_fd, base::UniqueFd inner_fd,
           base::UniqueFd outer_fd, MappedArray state);
  void store(std::uint32_t from, std::uint32_t to);
  void forget_passed();

  base::UniqueFd state_fd_;
  base::UniqueFd passed_fd_;
  base::UniqueFd inner_fd_;
  base::UniqueFd outer_fd_;
  MappedArray state_;
  std::uint32_t last_generation_ = 0;
  std::uint32_t counting_ = 0;
  std::uint64_t prefix_generation_ = 0;  // what the programs remember of none is of 0
};

}  // namespace rtt::passive
