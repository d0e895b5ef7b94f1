#include "support/scrape_rules.h"

#include <cmath>
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

void check_histogram(const std::string& name, const LabelSet& labels, const Scrape& scrape,
                     std::vector<std::string>& broken) {
  const auto histogram = scrape.histogram(name, labels);
  const std::string series = text(name, labels);
  if (!histogram || histogram->buckets.empty()) {
    broken.push_back(series + " lacks its _sum, its _count or its buckets");
    return;
  }
  HistogramSample::Bucket below{.upper_bound = -INFINITY, .cumulative = 0};
  for (const auto& bucket : histogram->buckets) {
    if (bucket.upper_bound <= below.upper_bound) broken.push_back(series + ": bounds do not rise");
    if (bucket.cumulative < below.cumulative) broken.push_back(series + ": buckets fall");
    below = bucket;
  }
  if (!std::isinf(below.upper_bound)) broken.push_back(series + ": no +Inf bucket");
  if (below.cumulative != histogram->count) broken.push_back(series + ": +Inf is not _count");
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
    if (family.type != "histogram") continue;
    for (const Sample& sample : family.samples) {
      if (sample.name.ends_with("_count")) {
        check_histogram(family.name, without(sample.labels, "le"), scrape, broken);
      }
    }
  }
  return broken;
}

Counts counts_of(const Scrape& scrape) {
  Counts counts;
  for (const Family& family : scrape.families()) {
    if (family.type == "gauge") continue;
    for (const Sample& sample : family.samples) counts[{sample.name, sample.labels}] = sample.value;
  }
  return counts;
}

std::vector<std::string> fallen(const Counts& before, const Counts& after) {
  std::vector<std::string> names;
  for (const auto& [series, value] : before) {
    const auto found = after.find(series);
    if (found == after.end() || found->second < value) {
      names.push_back(text(series.first, series.second));
    }
  }
  return names;
}

}  // namespace rtt::support
