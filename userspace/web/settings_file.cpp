#include "web/settings_file.h"

#include <algorithm>
#include <chrono>

#include "base/logging.h"
#include "web/tls_settings.h"

namespace rtt::web {
namespace {

constexpr auto kBetweenLooks = std::chrono::seconds(1);

constexpr metrics::FamilyInfo kSuccessful = {
    "rtt_exporter_web_config_last_reload_successful",
    "Whether the last attempt to load the file of --web.config.file succeeded."};
constexpr metrics::FamilyInfo kTimestamp = {
    "rtt_exporter_web_config_last_reload_success_timestamp_seconds",
    "When the settings of --web.config.file in force were loaded, in seconds since unix epoch."};

std::string joined(const config::Problems& problems) {
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "\n") + problem;
  return text;
}

base::Result<std::shared_ptr<const Settings>> to_settings(const std::string& path,
                                                          config::WebConfig config,
                                                          const Settings* before) {
  auto settings = std::make_shared<Settings>();
  if (config.tls) {
    auto tls = TlsSettings::create(*std::move(config.tls));
    if (!tls) return base::Error{path + ": " + tls.error().message};
    settings->tls = std::move(*tls);
  }
  settings->headers = std::move(config.headers);
  if (!config.users.empty()) {
    const bool same = before != nullptr && before->users && before->users->users() == config.users;
    settings->users =
        same ? before->users : std::make_shared<PasswordUsers>(std::move(config.users));
  }
  return std::shared_ptr<const Settings>(std::move(settings));
}

}  // namespace

std::variant<std::unique_ptr<SettingsFile>, config::Problems> SettingsFile::load(
    const std::string& path, metrics::ExporterMetrics& metrics) {
  std::unique_ptr<SettingsFile> file(new SettingsFile(path, metrics));
  const std::lock_guard lock(file->reading_);
  if (auto problems = file->read_locked(); !problems.empty()) return problems;
  file->note_locked(true);
  return file;
}

std::shared_ptr<const Settings> SettingsFile::current() {
  const base::TimePoint now = base::Clock::now();
  base::TimePoint due = next_look_;
  if (now >= due && next_look_.compare_exchange_strong(due, now + kBetweenLooks)) {
    const std::lock_guard lock(reading_);
    if (!std::ranges::all_of(files_, &config::StampedFile::is_unchanged)) {
      // It has said in the log and in the metrics how it went.
      (void)reload_locked();
    }
  }
  return settings_.load();
}

base::Result<void> SettingsFile::reload() {
  const std::lock_guard lock(reading_);
  return reload_locked();
}

std::vector<std::string> SettingsFile::paths() {
  const std::lock_guard lock(reading_);
  std::vector<std::string> paths;
  for (const config::StampedFile& file : files_) paths.push_back(file.path);
  return paths;
}

base::Result<void> SettingsFile::reload_locked() {
  const config::Problems problems = read_locked();
  note_locked(problems.empty());
  if (problems.empty()) {
    base::log_info("web configuration reloaded", {{"file", path_}});
    return {};
  }
  base::log_error("web configuration refused, the old one stays in force",
                  {{"reason", joined(problems)}});
  return base::Error{joined(problems)};
}

config::Problems SettingsFile::read_locked() {
  auto loaded = config::load_web_file(path_, check_tls);
  files_ = std::move(loaded.files);
  if (!loaded.problems.empty()) return loaded.problems;
  const std::shared_ptr<const Settings> before = settings_.load();
  auto next = to_settings(path_, std::move(loaded.config), before.get());
  if (!next) return {next.error().message};
  if (before && (before->tls == nullptr) != ((*next)->tls == nullptr)) {
    return {path_ + ": TLS cannot be turned on or off without a restart"};
  }
  settings_ = std::move(*next);
  return {};
}

void SettingsFile::note_locked(bool success) {
  metrics_.set_gauge(kSuccessful, {}, success ? 1 : 0);
  if (!success) return;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  metrics_.set_gauge(kTimestamp, {}, now.count());
}

config::Problems check_settings_file(const std::string& path) {
  auto loaded = config::load_web_file(path, check_tls);
  if (!loaded.problems.empty()) return loaded.problems;
  const auto settings = to_settings(path, std::move(loaded.config), nullptr);
  return settings ? config::Problems{} : config::Problems{settings.error().message};
}

}  // namespace rtt::web
