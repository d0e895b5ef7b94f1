// The programs whose cost is compared: each pings many peers once a second.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/netns.h"

namespace rtt::bench {

/// One that runs, until destroyed. Errors are thrown.
class Program {
 public:
  /// What the program itself says of its probes so far.
  struct Report {
    double median_rtt_us = 0;
    double lost_percent = 0;
  };

  virtual ~Program() = default;
  [[nodiscard]] virtual pid_t pid() const = 0;
  /// The last call: the program may end with it.
  [[nodiscard]] virtual Report report() = 0;
};

struct Contender {
  std::string name;
  std::string executable;          // to be found in PATH; empty: always there
  std::vector<std::size_t> sizes;  // numbers of peers
  bool state_per_peer = true;
  std::function<std::unique_ptr<Program>(const support::Namespace& where,
                                         const std::vector<std::string>& peers)>
      start;
};

/// Ours is the first one.
[[nodiscard]] std::vector<Contender> contenders();

}  // namespace rtt::bench
