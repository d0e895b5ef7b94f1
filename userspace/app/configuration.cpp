#include "app/configuration.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "probers/method_table.h"

namespace rtt::app {
namespace {

// Names of files in a configuration are relative to its own place.
void make_absolute(const std::string& path, config::Config& config) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(path, error).parent_path();
  for (config::Target& target : config.targets) {
    for (std::string& file : target.files) file = (folder / file).string();
  }
}

}  // namespace

std::variant<Configuration, config::Problems> load_configuration(const std::string& path) {
  const auto schemas = probers::method_schemas();
  auto loaded = path.empty()
                    ? config::load(config::builtin_defaults(), "built-in defaults", schemas)
                    : config::load_file(path, schemas);
  if (auto* problems = std::get_if<config::Problems>(&loaded)) return std::move(*problems);
  auto& config = std::get<config::Config>(loaded);
  make_absolute(path, config);
  auto grid = metrics::BucketGrid::create(config.histogram.buckets, config.histogram.native_schema);
  if (!grid) return config::Problems{path + ": histogram: " + grid.error().message};
  return Configuration{std::move(config),
                       std::make_shared<const metrics::BucketGrid>(*std::move(grid))};
}

}  // namespace rtt::app
