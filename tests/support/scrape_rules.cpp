#include "support/scrape_rules.h"

#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

namespace rtt::support {
namespace {

std::string text(const std::string& name, const LabelSet& labels) {
  std::string result = name + "{";
  for (const auto& [label, value] : labels) result += label + "=" + value + ",";
  return result + "}";
}

LabelSet without(LabelSet labels, const std::string& name) {
  labels.erase(name);
  return labels;
}

void check_counter(const Family& family, std::vector<std::string>& broken) {
  if (!family.name.ends_with("_total"))
    broken.push_back(family.name + " is a counter without _total");
  for (const Sample& sample : family.samples) {
    if (!std::isfinite(sample.value) || sample.value < 0) {
      broken.push_back(text(sample.name, sample.labels) + " is " + std::to_string(sample.value));
    }
  }
}

// All that a family says of one histogram.
struct HistogramParts {
  std::vector<HistogramSample::Bucket> buckets;
  bool has_sum = false;
  std::optional<double> count;
  bool good_bounds = true;
};

void add_bucket(const Sample& sample, HistogramParts& parts) {
  const auto le = sample.labels.find("le");
  const char* const text = le == sample.labels.end() ? "" : le->second.c_str();
  char* end = nullptr;
  const double bound = std::strtod(text, &end);
  parts.good_bounds &= end != text && *end == '\0';
  parts.buckets.push_back({.upper_bound = bound, .cumulative = sample.value});
}

void check_histogram(const std::string& series, const HistogramParts& parts,
                     std::vector<std::string>& broken) {
  if (!parts.has_sum || !parts.count || parts.buckets.empty() || !parts.good_bounds) {
    broken.push_back(series + " lacks its _sum, its _count or its buckets");
    return;
  }
  HistogramSample::Bucket below{.upper_bound = -INFINITY, .cumulative = 0};
  for (const auto& bucket : parts.buckets) {
    if (bucket.upper_bound <= below.upper_bound) broken.push_back(series + ": bounds do not rise");
    if (bucket.cumulative < below.cumulative) broken.push_back(series + ": buckets fall");
    below = bucket;
  }
  if (!std::isinf(below.upper_bound)) broken.push_back(series + ": no +Inf bucket");
  if (below.cumulative != *parts.count) broken.push_back(series + ": +Inf is not _count");
}

// In one pass: a family may have thousands of histograms.
void check_histograms(const Family& family, std::vector<std::string>& broken) {
  std::map<LabelSet, HistogramParts> histograms;
  for (const Sample& sample : family.samples) {
    HistogramParts& parts = histograms[without(sample.labels, "le")];
    if (sample.name.ends_with("_bucket")) add_bucket(sample, parts);
    if (sample.name.ends_with("_sum")) parts.has_sum = true;
    if (sample.name.ends_with("_count")) parts.count = sample.value;
  }
  for (const auto& [labels, parts] : histograms) {
    check_histogram(text(family.name, labels), parts, broken);
  }
}

}  // namespace

// In one pass: there may be thousands of series.
std::vector<std::string> unbalanced_ledgers(const Scrape& scrape) {
  struct Ledger {
    std::optional<double> sent;
    double finished = 0;
    double in_flight = 0;
  };
  std::map<LabelSet, Ledger> ledgers;
  const auto each = [&](const char* name, const auto& take) {
    const Family* const family = scrape.family(name);
    if (family == nullptr) return;
    for (const Sample& sample : family->samples) {
      take(ledgers[without(sample.labels, "reason")], sample.value);
    }
  };
  each("rtt_probes_sent_total", [](Ledger& ledger, double value) { ledger.sent = value; });
  each("rtt_probes_in_flight", [](Ledger& ledger, double value) { ledger.in_flight = value; });
  for (const char* name :
       {"rtt_probes_replied_total", "rtt_probes_lost_total", "rtt_probes_failed_total"}) {
    each(name, [](Ledger& ledger, double value) { ledger.finished += value; });
  }

  std::vector<std::string> broken;
  for (const auto& [labels, ledger] : ledgers) {
    if (ledger.sent == ledger.finished + ledger.in_flight) continue;
    broken.push_back(text("rtt_probes_sent_total", labels) + " is " +
                     (ledger.sent ? std::to_string(*ledger.sent) : "missing") + ", but " +
                     std::to_string(ledger.finished) + " finished and " +
                     std::to_string(ledger.in_flight) + " in flight");
  }
  return broken;
}

std::vector<std::string> broken_rules(const Scrape& scrape) {
  std::vector<std::string> broken = unbalanced_ledgers(scrape);
  for (const Family& family : scrape.families()) {
    if (family.type == "counter") check_counter(family, broken);
    if (family.type == "histogram") check_histograms(family, broken);
  }
  return broken;
}

Counts counts_of(const Scrape& scrape, const std::function<bool(const Sample&)>& wanted) {
  Counts counts;
  for (const Family& family : scrape.families()) {
    if (family.type == "gauge") continue;
    for (const Sample& sample : family.samples) {
      if (!wanted || wanted(sample)) counts[{sample.name, sample.labels}] = sample.value;
    }
  }
  return counts;
}

std::vector<std::string> fallen(const Counts& before, const Counts& after) {
  std::vector<std::string> fallen;
  for (const auto& [series, value] : before) {
    const auto found = after.find(series);
    if (found != after.end() && found->second >= value) continue;
    fallen.push_back(text(series.first, series.second) + " was " + std::to_string(value) +
                     " and is " + (found == after.end() ? "gone" : std::to_string(found->second)));
  }
  return fallen;
}

}  // namespace rtt::support
