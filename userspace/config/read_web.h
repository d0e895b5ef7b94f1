// One function per section of the web configuration: reads the key of its name from the top level.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/map_reader.h"
#include "config/web_config.h"

namespace rtt::config {

/// Reads the files that the configuration names, and notes each.
class WebFiles {
 public:
  /// Relative names are below `directory`. `read` must outlive the object.
  WebFiles(std::filesystem::path directory, std::vector<StampedFile>& read)
      : directory_(std::move(directory)), read_(read) {}

  /// Error: "path: reason".
  [[nodiscard]] base::Result<std::string> read(const std::string& name);

 private:
  const std::filesystem::path directory_;
  std::vector<StampedFile>& read_;
};

[[nodiscard]] std::optional<TlsConfig> read_tls(MapReader& root, WebFiles& files,
                                                const CheckTls& check);
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_http_server(MapReader& root);
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_users(MapReader& root);

}  // namespace rtt::config
