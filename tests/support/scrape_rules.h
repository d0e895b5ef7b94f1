// What must hold at every scrape, whatever happened before it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/metrics_text.h"

namespace rtt::support {

/// Where sent = replied + lost + failed + in_flight does not hold, one sentence each.
[[nodiscard]] std::vector<std::string> unbalanced_ledgers(const Scrape& scrape);
/// The same, and: histograms are cumulative, rise, and end with +Inf = _count;
/// counters are finite, not negative, and called _total.
[[nodiscard]] std::vector<std::string> broken_rules(const Scrape& scrape);

/// Counters and histograms, bucket by bucket.
using Counts = std::map<std::pair<std::string, LabelSet>, double>;
[[nodiscard]] Counts counts_of(const Scrape& scrape);
/// The series of which the count is missing or lower later.
[[nodiscard]] std::vector<std::string> fallen(const Counts& before, const Counts& after);

}  // namespace rtt::support
