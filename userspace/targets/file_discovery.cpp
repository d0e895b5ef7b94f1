#include "targets/file_discovery.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/logging.h"
#include "targets/file_list.h"
#include "targets/file_watch.h"
#include "targets/group_files.h"

namespace rtt::targets {
namespace {

using base::TimePoint;

// A file that somebody has just created is mostly written to its end by then.
constexpr auto kWriting = std::chrono::seconds(1);

struct Pattern {
  bool is_listed = false;  // at least once
  bool is_readable = true;
  std::vector<std::string> paths;
};

}  // namespace

struct FileDiscovery::Impl {
  Impl(base::EventLoop& loop, metrics::ExporterMetrics& metrics, OnChange on_change,
       Options file_options);

  enum class Scope {
    kNew,      // patterns and files that are new
    kChanged,  // and what, by the looks of it, has changed
    kAll,
  };
  // What each pattern brings: its files and the versions of their groups.
  using Versions = std::map<std::string, std::vector<std::pair<std::string, std::uint64_t>>>;

  void set_patterns(const std::vector<std::string>& wanted);
  void look(Scope scope);
  void look_and_tell(Scope scope);
  void find_paths(Scope scope);
  static void list(const std::string& text, Pattern& pattern);
  [[nodiscard]] std::set<std::string> wanted_paths();
  void tell_of(const std::string& text, const Pattern& pattern, std::size_t too_many);
  void noticed(FileWatch::Change change);
  [[nodiscard]] Versions versions() const;

  const OnChange tell;
  const Options options;
  std::map<std::string, Pattern> patterns;
  GroupFiles files;
  std::set<std::string> in_force;    // paths that some pattern names
  std::set<std::string> remembered;  // of the patterns before these, and of them only
  bool is_overflow_logged = false;
  std::optional<TimePoint> next_look;
  FileWatch watch;
  base::Timer look_timer;
  base::Timer refresh_timer;
};

FileDiscovery::Impl::Impl(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                          OnChange on_change, Options file_options)
    : tell(std::move(on_change)),
      options(file_options),
      files(metrics, file_options.max_memory),
      watch(loop, [this](FileWatch::Change change) { noticed(change); }),
      look_timer(loop.timer([this] { look_and_tell(Scope::kChanged); })),
      refresh_timer(loop.timer([this] { look_and_tell(Scope::kAll); })) {}

void FileDiscovery::Impl::set_patterns(const std::vector<std::string>& wanted) {
  std::map<std::string, Pattern> next;
  for (const std::string& text : wanted) {
    assert(text.starts_with('/'));
    const auto known = patterns.find(text);
    next.emplace(text, known == patterns.end() ? Pattern() : known->second);
  }
  patterns = std::move(next);
  look(Scope::kNew);
  if (patterns.empty()) {
    refresh_timer.cancel();
  } else {
    refresh_timer.expires_after(options.refresh);
  }
}

void FileDiscovery::Impl::look(Scope scope) {
  find_paths(scope);
  const std::set<std::string> wanted = wanted_paths();
  const auto when = scope == Scope::kAll ? GroupFiles::When::kAlways : GroupFiles::When::kChanged;
  for (const std::string& path : wanted) {
    if (scope != Scope::kNew || !in_force.contains(path)) files.read(path, when);
  }
  std::set<std::string> unwanted;
  std::set_difference(in_force.begin(), in_force.end(), wanted.begin(), wanted.end(),
                      std::inserter(unwanted, unwanted.end()));
  in_force = wanted;
  // Files that are gone go; those of the last patterns do not yet.
  if (scope == Scope::kNew) std::swap(unwanted, remembered);
  for (const std::string& path : unwanted) {
    if (!in_force.contains(path) && !remembered.contains(path)) files.forget(path);
  }
}

void FileDiscovery::Impl::find_paths(Scope scope) {
  watch.begin();
  for (auto& [text, pattern] : patterns) {
    watch.follow(text);
    if (scope != Scope::kNew || !pattern.is_listed) list(text, pattern);
    for (const std::string& path : pattern.paths) {
      if (path != text) watch.follow_link(path);
    }
  }
  watch.end();
}

void FileDiscovery::Impl::list(const std::string& text, Pattern& pattern) {
  auto paths = files_of(text);
  pattern.is_listed = true;
  pattern.is_readable = paths.has_value();
  if (paths) pattern.paths = *std::move(paths);
}

std::set<std::string> FileDiscovery::Impl::wanted_paths() {
  std::set<std::string> wanted;
  for (const auto& [text, pattern] : patterns) {
    std::size_t too_many = 0;
    for (const std::string& path : pattern.paths) {
      if (wanted.contains(path)) continue;
      if (wanted.size() < options.max_files) {
        wanted.insert(path);
      } else {
        ++too_many;
      }
    }
    tell_of(text, pattern, too_many);
  }
  return wanted;
}

void FileDiscovery::Impl::tell_of(const std::string& text, const Pattern& pattern,
                                  std::size_t too_many) {
  const std::string about = "pattern " + text;  // not what is said about a file of this name
  if (!pattern.is_readable) {
    files.problem(about, text + ": its directory cannot be read");
  } else if (too_many > 0) {
    files.problem(about, text + ": more than " + std::to_string(options.max_files) +
                             " files of all patterns, " + std::to_string(too_many) +
                             " of this one are left out");
  } else {
    files.no_problem(about);
  }
}

void FileDiscovery::Impl::noticed(FileWatch::Change change) {
  if (change == FileWatch::Change::kLost && !std::exchange(is_overflow_logged, true)) {
    base::log_warn("too many changes in the directories of discovery files, looking at all files");
  }
  const TimePoint when =
      base::Clock::now() + (change == FileWatch::Change::kBegun
                                ? std::max<base::nanoseconds>(kWriting, options.settle)
                                : options.settle);
  if (next_look && *next_look <= when) return;
  next_look = when;
  look_timer.expires_at(when);
}

void FileDiscovery::Impl::look_and_tell(Scope scope) {
  if (scope == Scope::kAll) {
    refresh_timer.expires_after(options.refresh);
    is_overflow_logged = false;
  } else {
    next_look.reset();
  }
  const Versions before = versions();
  look(scope);
  if (versions() != before) tell();
}

FileDiscovery::Impl::Versions FileDiscovery::Impl::versions() const {
  Versions result;
  for (const auto& [text, pattern] : patterns) {
    for (const std::string& path : pattern.paths) {
      const std::uint64_t version = in_force.contains(path) ? files.version(path) : 0;
      if (version != 0) result[text].emplace_back(path, version);
    }
  }
  return result;
}

FileDiscovery::FileDiscovery(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileDiscovery::~FileDiscovery() = default;

std::unique_ptr<FileDiscovery> FileDiscovery::create(base::EventLoop& loop,
                                                     metrics::ExporterMetrics& metrics,
                                                     OnChange on_change, Options options) {
  return std::unique_ptr<FileDiscovery>(
      new FileDiscovery(std::make_unique<Impl>(loop, metrics, std::move(on_change), options)));
}

std::unique_ptr<FileDiscovery> FileDiscovery::create(base::EventLoop& loop,
                                                     metrics::ExporterMetrics& metrics,
                                                     OnChange on_change) {
  return create(loop, metrics, std::move(on_change), Options());
}

void FileDiscovery::set_patterns(const std::vector<std::string>& patterns) {
  impl_->set_patterns(patterns);
}

std::vector<config::FileGroup> FileDiscovery::groups(const std::string& pattern) const {
  std::vector<config::FileGroup> result;
  const auto found = impl_->patterns.find(pattern);
  if (found == impl_->patterns.end()) return result;
  for (const std::string& path : found->second.paths) {
    if (!impl_->in_force.contains(path)) continue;
    const auto& groups = impl_->files.groups(path);
    result.insert(result.end(), groups.begin(), groups.end());
  }
  return result;
}

}  // namespace rtt::targets
