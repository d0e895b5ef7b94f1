// The Prometheus text format 0.0.4 as a test reads it: strictly.
//
// (https://prometheus.io/docs/instrumenting/exposition_formats/) Immutable values, thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rtt::support {

using LabelSet = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  LabelSet labels;
  double value = 0;
};

/// A classic histogram.
struct HistogramSample {
  struct Bucket {
    double upper_bound;  // +Inf is the last
    double cumulative;
  };
  std::vector<Bucket> buckets;
  double sum = 0;
  double count = 0;

  /// As histogram_quantile() does it, evenly within a bucket; nothing without observations.
  [[nodiscard]] std::optional<double> quantile(double q) const;
  [[nodiscard]] std::optional<double> median() const { return quantile(0.5); }
  /// What was observed since `earlier`. Precondition: the same bounds.
  [[nodiscard]] HistogramSample since(const HistogramSample& earlier) const;
};

struct Family {
  std::string name;
  std::string type;  // counter, gauge, histogram, summary, untyped
  std::string help;
  std::vector<Sample> samples;  // of a histogram also _bucket, _sum and _count
};

class Scrape {
 public:
  /// Error: "line 12: ...". Refused are also: a second HELP or TYPE, samples without TYPE and HELP
  /// or apart from their family, a series that stands there twice, a last line without its newline.
  [[nodiscard]] static base::Result<Scrape> parse(std::string_view text);

  [[nodiscard]] const std::vector<Family>& families() const { return families_; }
  [[nodiscard]] const Family* family(std::string_view name) const;

  /// Samples of that name that have at least these labels.
  [[nodiscard]] std::vector<Sample> samples(std::string_view name,
                                            const LabelSet& labels = {}) const;
  /// Nothing unless exactly one sample matches.
  [[nodiscard]] std::optional<double> value(std::string_view name,
                                            const LabelSet& labels = {}) const;
  /// 0 when none matches.
  [[nodiscard]] double sum(std::string_view name, const LabelSet& labels = {}) const;
  /// Of the one series that has at least these labels; nothing for none or several.
  [[nodiscard]] std::optional<HistogramSample> histogram(std::string_view name,
                                                         const LabelSet& labels = {}) const;

 private:
  std::vector<Family> families_;
};

}  // namespace rtt::support
