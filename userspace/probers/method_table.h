// The active methods: one line each.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "config/map_reader.h"
#include "metrics/failure_reason.h"
#include "metrics/series.h"
#include "probers/prober.h"

namespace rtt::probers {

struct Method {
  config::MethodSchema schema;
  std::vector<metrics::FailureReason> reasons;
  /// Error: why this host cannot run the method (a sentence).
  std::function<base::Result<std::unique_ptr<Engine>>(base::EventLoop&, metrics::ExporterMetrics&)>
      create_engine;
  metrics::ProbeFeatures features{};
};

[[nodiscard]] std::span<const Method> method_table();
/// The same methods, as the configuration loader wants them.
[[nodiscard]] std::vector<config::MethodSchema> method_schemas();

}  // namespace rtt::probers
