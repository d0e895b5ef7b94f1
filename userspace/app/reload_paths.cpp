#include "app/reload_paths.h"

#include <iterator>

#include "targets/file_list.h"

namespace rtt::app {
namespace {

void append(std::vector<std::string> more, std::vector<std::string>& paths) {
  paths.insert(paths.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<std::string> reload_paths(const Options& options, const Configuration& configuration,
                                      web::SettingsFile* web_settings) {
  std::vector<std::string> paths;
  if (!options.config_file.empty()) paths.push_back(options.config_file);
  if (web_settings != nullptr) append(web_settings->paths(), paths);
  for (const config::Probe& probe : configuration.config.probes) {
    if (probe.options) append(probe.options->files(), paths);
  }
  if (const auto& kubernetes = configuration.config.passive.kubernetes) {
    append({kubernetes->token_file, kubernetes->ca_file}, paths);
  }
  for (const config::Target& target : configuration.config.targets) {
    for (const std::string& pattern : target.files) {
      // The directory tells of changes, whether its files are known by name or not.
      paths.push_back(pattern.substr(0, pattern.rfind('/') + 1));
      if (auto files = targets::files_of(pattern)) append(*std::move(files), paths);
    }
  }
  return paths;
}

}  // namespace rtt::app
