// What may be on a host while its throughput is measured.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "support/netns.h"

namespace rtt::bench {

struct Condition {
  std::string name;
  /// Brings it about inside the namespace, calls `measure`, and ends it. `measure` returns how many
  /// acknowledgements of data came in over 127.0.0.1: so many samples the exporter must have
  /// counted.
  std::function<void(const support::Namespace& where, const std::function<double()>& measure)> hold;
};

/// Parts of what the exporter does first, then whole programs.
[[nodiscard]] std::vector<Condition> conditions();
inline constexpr std::ptrdiff_t kFirstProgram = 2;

}  // namespace rtt::bench
