// What must hold at every scrape, whatever happened before it.
#pragma once

#include <string>
#include <vector>

#include "support/metrics_text.h"

namespace rtt::support {

/// Where sent = replied + lost + failed + in_flight does not hold, one sentence each.
[[nodiscard]] std::vector<std::string> unbalanced_ledgers(const Scrape& scrape);
/// The same, and: histograms are cumulative, rise, and end with +Inf = _count;
/// counters are finite, not negative, and called _total.
[[nodiscard]] std::vector<std::string> broken_rules(const Scrape& scrape);

}  // namespace rtt::support
