// A configuration file as the daemon takes it: loaded, and its bucket grid built.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "config/loader.h"
#include "metrics/bucket_grid.h"

namespace rtt::app {

struct Configuration {
  config::Config config;
  std::shared_ptr<const metrics::BucketGrid> grid;
};

/// An empty path: the built-in defaults.
[[nodiscard]] std::variant<Configuration, config::Problems> load_configuration(
    const std::string& path);

}  // namespace rtt::app
