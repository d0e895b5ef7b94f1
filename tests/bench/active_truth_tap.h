// What tcpdump itself adds to the round trips that it sees.
#pragma once

#include <vector>

#include "bench/active_truth_bed.h"

namespace rtt::bench {

/// Of echo requests sent in turn: the time from the kernel's stamp in front of the queue of the
/// device to the one in its driver, in microseconds. Taps lie between the two.
[[nodiscard]] std::vector<double> queue_to_driver_us(const Bed& bed);

}  // namespace rtt::bench
