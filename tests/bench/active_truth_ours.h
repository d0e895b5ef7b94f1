// The methods of rtt_exporter, run in this process so that each RTT is known by itself.
#pragma once

#include <vector>

#include "bench/active_truth_programs.h"

namespace rtt::bench {

[[nodiscard]] std::vector<Reporter> our_methods();

}  // namespace rtt::bench
