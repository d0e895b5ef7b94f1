// Writes families of the Prometheus text format 0.0.4 straight into the response.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/histogram.h"

namespace rtt::metrics {

/// Appends to a string that must outlive it. Label texts come ready-made (label_text.h).
class TextWriter {
 public:
  explicit TextWriter(std::string& out) : out_(out) {}

  /// Begins a family: its HELP and TYPE. `name` must live as long as the family is written.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view labels, double value);
  void sample(std::string_view labels, std::uint64_t value);
  /// With one more label, such as {"reason", "refused"}; its value needs no escaping.
  void sample(std::string_view labels, std::string_view extra_name, std::string_view extra_value,
              std::uint64_t value);
  /// All classic buckets, sum and count.
  void histogram(std::string_view labels, const Histogram& histogram);

 private:
  void buckets(const Histogram& histogram);
  void open(std::string_view suffix, std::string_view labels);
  void close(std::uint64_t value);
  void close(double value);

  std::string& out_;
  std::string_view name_;
  std::string bucket_;  // what the lines of a histogram begin with
};

}  // namespace rtt::metrics
