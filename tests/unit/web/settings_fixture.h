// A directory with a web configuration, gone with its object.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "metrics/exporter_metrics.h"
#include "web/settings_file.h"

namespace rtt::web {

/// "secret", as cheap as bcrypt can, and one that takes hours.
inline constexpr const char* kHash = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
inline constexpr const char* kSlowHash =
    "$2y$31$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

/// tests/testdata/web: server.pem with server.key, and other.key.
inline std::string testdata(const std::string& name) {
  std::ifstream file(std::string(RTT_SOURCE_DIR) + "/tests/testdata/web/" + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class SettingsDirectory {
 public:
  SettingsDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "rtt_web_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~SettingsDirectory() { std::filesystem::remove_all(path_); }
  SettingsDirectory(const SettingsDirectory&) = delete;
  SettingsDirectory& operator=(const SettingsDirectory&) = delete;

  [[nodiscard]] std::string path(const std::string& name = "web.yml") const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
  }
  void write(const std::string& text) const { write("web.yml", text); }

  /// Fails the test when the file cannot be used.
  [[nodiscard]] std::unique_ptr<SettingsFile> load(metrics::ExporterMetrics& metrics) const {
    auto loaded = SettingsFile::load(path(), metrics);
    if (auto* file = std::get_if<std::unique_ptr<SettingsFile>>(&loaded)) return std::move(*file);
    for (const std::string& problem : std::get<config::Problems>(loaded)) ADD_FAILURE() << problem;
    return nullptr;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace rtt::web
