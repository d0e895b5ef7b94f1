// What must hold at every scrape, whatever happened before it.
#pragma once

#include <functional>
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
/// Of the samples that are wanted; without `wanted` of all.
[[nodiscard]] Counts counts_of(const Scrape& scrape,
                               const std::function<bool(const Sample&)>& wanted = {});
/// What is smaller later, or gone, one sentence each. For what lives as long as the program: a series that a
/// reload removes and another adds begins at 0.
[[nodiscard]] std::vector<std::string> fallen(const Counts& before, const Counts& after);

}  // namespace rtt::support
