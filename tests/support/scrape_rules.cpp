#include "support/scrape_rules.h"

#include <cmath>

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

std::vector<std::string> unbalanced_ledgers(const Scrape& scrape) {
  std::vector<std::string> broken;
  for (const Sample& sent : scrape.samples("rtt_probes_sent_total")) {
    const double finished = scrape.sum("rtt_probes_replied_total", sent.labels) +
                            scrape.sum("rtt_probes_lost_total", sent.labels) +
                            scrape.sum("rtt_probes_failed_total", sent.labels);
    const double in_flight = scrape.sum("rtt_probes_in_flight", sent.labels);
    if (sent.value != finished + in_flight) {
      broken.push_back(text(sent.name, sent.labels) + " is " + std::to_string(sent.value) +
                       ", but " + std::to_string(finished) + " finished and " +
                       std::to_string(in_flight) + " in flight");
    }
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

}  // namespace rtt::support
