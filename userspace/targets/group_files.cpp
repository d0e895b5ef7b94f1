#include "targets/group_files.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "base/logging.h"
#include "config/read_file.h"
#include "targets/discovery_errors.h"
#include "targets/file_list.h"

namespace rtt::targets {
namespace {

using config::FileGroup;
using config::FileStamp;

// A file can be written again, to the same size, within one tick of the clock that stamps it.
bool is_sure(const FileStamp& stamp) {
  constexpr auto kTick = std::chrono::seconds(2);
  const base::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  return now - base::nanoseconds(std::max(stamp.modified_ns, stamp.changed_ns)) > kTick;
}

std::size_t memory(const std::vector<FileGroup>& groups) {
  std::size_t bytes = 0;
  for (const FileGroup& group : groups) bytes += group.memory();
  return bytes;
}

std::string summary(const config::Problems& problems) {
  if (problems.size() == 1) return problems.front();
  return problems.front() + " (and " + std::to_string(problems.size() - 1) + " more)";
}

}  // namespace

GroupFiles::GroupFiles(metrics::ExporterMetrics& metrics, std::size_t max_memory)
    : metrics_(metrics), max_memory_(max_memory) {
  metrics_.add_counter(kDiscoveryErrors, {{"source", "file"}}, 0);
}

void GroupFiles::read(const std::string& path, When when) {
  const FileStamp stamp = FileStamp::of(path);
  const auto known = files_.find(path);
  const bool is_new = known == files_.end();
  if (!is_new && when == When::kChanged && known->second.is_stamp_sure &&
      known->second.stamp == stamp) {
    return;
  }
  const auto text = config::read_regular_file(path, config::kMaxFileSdBytes);
  if (!text && is_gone(path)) return forget(path);
  File& file = files_[path];
  file.stamp = stamp;
  file.is_stamp_sure = is_sure(stamp);
  if (text) {
    take(path, file, *text);
  } else {
    file.text = {};
    problem(path, text.error().message);
  }
}

// The same text again is not read again, but its problem is still there.
void GroupFiles::take(const std::string& path, File& file, std::string_view text) {
  const Text identity = {text.size(), std::hash<std::string_view>()(text)};
  if (identity == file.text) {
    if (file.is_text_wrong) problem(path, problems_[path]);
    return;
  }
  file.text = identity;
  auto parsed = config::parse_file_sd(text, path);
  auto* const groups = std::get_if<std::vector<FileGroup>>(&parsed);
  file.is_text_wrong = groups == nullptr;
  if (groups == nullptr) return problem(path, summary(std::get<config::Problems>(parsed)));
  set_groups(path, file, std::move(*groups));
}

void GroupFiles::set_groups(const std::string& path, File& file, std::vector<FileGroup> groups) {
  const std::size_t others = memory_ - memory(file.groups);
  if (others + memory(groups) > max_memory_) {
    file.text = {};  // the others may shrink
    return problem(path, path + ": all files together hold more than " +
                             std::to_string(max_memory_ >> 20U) + " MiB of targets and labels");
  }
  memory_ = others + memory(groups);
  no_problem(path);
  if (groups == file.groups) return;
  file.groups = std::move(groups);
  file.version = ++last_version_;
}

void GroupFiles::forget(const std::string& path) {
  problems_.erase(path);
  const auto file = files_.find(path);
  if (file == files_.end()) return;
  memory_ -= memory(file->second.groups);
  files_.erase(file);
}

const std::vector<FileGroup>& GroupFiles::groups(const std::string& path) const {
  static const std::vector<FileGroup> none;
  const auto file = files_.find(path);
  return file == files_.end() ? none : file->second.groups;
}

std::uint64_t GroupFiles::version(const std::string& path) const {
  const auto file = files_.find(path);
  return file == files_.end() ? 0 : file->second.version;
}

void GroupFiles::problem(const std::string& about, const std::string& text) {
  metrics_.add_counter(kDiscoveryErrors, {{"source", "file"}}, 1);
  const auto [last, is_new] = problems_.emplace(about, text);
  if (!is_new && last->second == text) return;
  last->second = text;
  base::log_warn("discovery cannot use a file, its last good peers stay", {{"reason", text}});
}

void GroupFiles::no_problem(const std::string& about) {
  if (problems_.erase(about) == 0) return;
  base::log_info("discovery can use it again", {{"file", about}});
}

}  // namespace rtt::targets
