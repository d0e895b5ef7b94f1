#include <optional>
#include <string>

#include "config/map_access.h"
#include "config/scalar.h"
#include "config/sections.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

constexpr std::size_t kMaxBuckets = 100;
// A nanosecond, and eleven days: what the bucket grid can hold.
constexpr double kSmallestBound = 1e-9;
constexpr double kLargestBound = 1e6;
constexpr int kMinSchema = -4;
constexpr int kMaxSchema = 4;

// Three to four per factor of ten from a loopback to a lost SYN: 20 us to 3 s.
std::vector<double> default_buckets() {
  return {0.00002, 0.00003, 0.00005, 0.000075, 0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.00075,
          0.001,   0.0015,  0.002,   0.003,    0.005,  0.0075,  0.01,   0.015,  0.02,   0.03,
          0.05,    0.075,   0.1,     0.15,     0.2,    0.3,     0.5,    0.75,   1,      3};
}

std::optional<double> read_bound(const Node& node, ProblemList& problems) {
  const auto bound = to_number(node);
  if (bound && *bound >= kSmallestBound && *bound <= kLargestBound) return bound;
  problems.add(node.place, "bucket bound" + description(node) +
                               "; allowed: a number of seconds from 1e-9 to 1e6, like 0.0005");
  return std::nullopt;
}

std::vector<double> read_buckets(MapReader& histogram) {
  std::vector<double> buckets;
  ProblemList& problems = Loader::problems(histogram);
  for (const Node* item : Loader::take_list(histogram, "buckets", "numbers of seconds")) {
    const auto bound = read_bound(*item, problems);
    if (!bound) continue;
    // The grid counts whole nanoseconds: two bounds need one between them.
    if (!buckets.empty() && (*bound - buckets.back()) * 1e9 + 1e-6 < 1) {
      problems.add(item->place, "bucket bound " + in_quotes(item->text) +
                                    " does not lie above the one before it; allowed: rising "
                                    "bounds, at least 1e-9 apart");
    }
    buckets.push_back(*bound);
  }
  if (buckets.size() > kMaxBuckets) {
    histogram.problem_at("buckets", std::to_string(buckets.size()) +
                                        " bucket bounds; allowed: " + std::to_string(kMaxBuckets));
  }
  return buckets;
}

std::optional<int> read_native_schema(MapReader& histogram, std::optional<int> default_value) {
  const Node* value = Loader::take(histogram, "native_schema");
  if (value == nullptr) return default_value;
  if (value->kind == Node::Kind::kNull) return std::nullopt;
  const auto schema = to_integer(*value);
  if (schema && *schema >= kMinSchema && *schema <= kMaxSchema) return static_cast<int>(*schema);
  histogram.problem_at("native_schema",
                       "'native_schema'" + description(*value) + "; allowed: a whole number from " +
                           std::to_string(kMinSchema) + " to " + std::to_string(kMaxSchema) +
                           ", or null for no native histograms");
  return default_value;
}

}  // namespace

HistogramConfig read_histogram(MapReader& root) {
  HistogramConfig config;
  config.buckets = default_buckets();
  read_section(root, "histogram", [&](MapReader& histogram) {
    if (auto buckets = read_buckets(histogram); histogram.has("buckets")) {
      config.buckets = std::move(buckets);
    }
    config.native_schema = read_native_schema(histogram, config.native_schema);
  });
  return config;
}

}  // namespace rtt::config
