// The exporter's metrics about itself: everything that is not per peer. Wraps a prometheus-cpp
// registry.
//
// Thread-safe. Values with the same name and labels are one series; a later call updates it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "metrics/series.h"

namespace rtt::metrics {

/// One metric family of the exporter itself: name and HELP are constants of the caller.
struct FamilyInfo {
  std::string_view name;
  std::string_view help;
};

class ExporterMetrics {
 public:
  ExporterMetrics();
  ~ExporterMetrics();
  ExporterMetrics(const ExporterMetrics&) = delete;
  ExporterMetrics& operator=(const ExporterMetrics&) = delete;

  void set_gauge(const FamilyInfo& family, const Labels& labels, double value);
  /// The series exists from the first call on, also with 0. Precondition: increment >= 0.
  void add_counter(const FamilyInfo& family, const Labels& labels, double increment);

  /// rtt_source_up{source}: 1 when the source delivers, 0 when this host cannot run it.
  void set_source_up(const std::string& source, bool up);
  /// The source is not configured any more: its series goes.
  void remove_source(const std::string& source);

  void write(FamilyWriter& writer) const;
  /// Appends all families in the text format 0.0.4.
  void append_text(std::string& out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What has work to do right before a scrape, such as reading the kernel's counts into series.
class Collector {
 public:
  virtual ~Collector() = default;
  /// Calls never overlap; any thread. Must not block on the network.
  virtual void collect() = 0;
};

}  // namespace rtt::metrics
