// What --web.config.file says, always in its newest good version.
//
// Thread-safe. A change of the file, or of one that it names, is seen within a second of the next
// call of current(); one that cannot be used is logged once, and the settings before it stay.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/web_config.h"
#include "metrics/exporter_metrics.h"
#include "web/password_users.h"

namespace rtt::web {

class TlsSettings;

/// Immutable but for what the users remember.
struct Settings {
  std::shared_ptr<const TlsSettings> tls;                    // null: plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;  // of every answer
  std::shared_ptr<PasswordUsers> users;                      // null: no passwords
};

class SettingsFile {
 public:
  /// `metrics` gets to know how each load went and must outlive the object.
  [[nodiscard]] static std::variant<std::unique_ptr<SettingsFile>, config::Problems> load(
      const std::string& path, metrics::ExporterMetrics& metrics);

  /// Never null.
  [[nodiscard]] std::shared_ptr<const Settings> current();
  /// Reads the files now. Error: why the settings before stay in force.
  [[nodiscard]] base::Result<void> reload();
  /// Of the file and of those that it names.
  [[nodiscard]] std::vector<std::string> paths();

 private:
  SettingsFile(std::string path, metrics::ExporterMetrics& metrics)
      : path_(std::move(path)), metrics_(metrics) {}

  [[nodiscard]] config::Problems read_locked();
  [[nodiscard]] base::Result<void> reload_locked();
  void note_locked(bool success);

  const std::string path_;
  metrics::ExporterMetrics& metrics_;
  std::atomic<base::TimePoint> next_look_ = base::TimePoint{};
  std::mutex reading_;
  std::vector<config::StampedFile> files_;  // of the last attempt
  std::atomic<std::shared_ptr<const Settings>> settings_;
};

/// Every problem of the file and of those that it names; empty: it can be used.
[[nodiscard]] config::Problems check_settings_file(const std::string& path);

}  // namespace rtt::web
