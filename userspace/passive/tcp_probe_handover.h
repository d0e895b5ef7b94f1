// Which instance of the source counts: the user side of bpf/handover.bpf.h.
//
// One object, shared by all instances of a process. For the control loop.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "passive/tcp_probe_mapping.h"

namespace rtt::passive {

class HandOver {
 public:
  [[nodiscard]] static base::Result<std::shared_ptr<HandOver>> create();

  /// The maps that every instance's programs use.
  [[nodiscard]] int switch_fd() const { return switch_fd_.get(); }
  [[nodiscard]] int passed_fd() const { return passed_fd_.get(); }

  /// A number for a new instance.
  [[nodiscard]] std::uint32_t next_generation() { return ++last_generation_; }
  /// From here on `generation` counts, and no other. Waits once for running programs when another
  /// one counted.
  void activate(std::uint32_t generation);
  /// The programs of `generation` are detached.
  void retire(std::uint32_t generation);

  /// Returns when every program run that was under way has ended (an RCU grace period, some
  /// milliseconds).
  void wait_for_running_programs();

 private:
  HandOver(base::UniqueFd switch_fd, base::UniqueFd passed_fd, base::UniqueFd inner_fd,
           base::UniqueFd outer_fd, MappedArray word);
  void store(std::uint32_t from, std::uint32_t to);

  base::UniqueFd switch_fd_;
  base::UniqueFd passed_fd_;
  base::UniqueFd inner_fd_;
  base::UniqueFd outer_fd_;
  MappedArray switch_;
  std::uint32_t last_generation_ = 0;
  std::uint32_t counting_ = 0;
};

}  // namespace rtt::passive
