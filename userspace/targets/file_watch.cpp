#include "targets/file_watch.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <utility>

#include "base/logging.h"
#include "base/result.h"

namespace rtt::targets {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel has it (path_resolution(7))

constexpr std::uint32_t kEntries =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;
// Not IN_MODIFY: who writes in place is done when he closes the file.
constexpr std::uint32_t kContents = kEntries | IN_CLOSE_WRITE | IN_EXCL_UNLINK;

// In the reverse order, so that the next one is the last.
std::vector<std::string> reversed_parts(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::string joined(const std::string& directory, const std::string& name) {
  std::string path = directory;
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

std::string parent(const std::string& directory) {
  return directory.substr(0, std::max<std::size_t>(directory.rfind('/'), 1));
}

// Nothing when it is no link.
std::optional<std::string> link_target(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(size));
}

bool has_wildcard(const std::string& name) {
  return name.find_first_of("*?[") != std::string::npos;
}

}  // namespace

void FileWatch::begin() {
  ++round_;
  problems_.clear();
  if (!inotify_) open();
}

void FileWatch::open() {
  inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify_) return note("", errno);
  watch_ = loop_.watch(inotify_.get(), base::Interest::kRead, [this] { receive(); });
}

void FileWatch::follow(const std::string& path) {
  assert(path.starts_with('/'));
  if (inotify_) walk(path);
}

void FileWatch::follow_link(const std::string& path) {
  if (inotify_ && link_target(path)) walk(path);
}

// Each directory is watched before it is looked into, so that no change falls between the two.
void FileWatch::walk(const std::string& path) {
  std::vector<std::string> parts = reversed_parts(path);
  std::string directory = "/";
  int links = 0;
  bool had_end = false;  // of the path itself; what comes then is what a link there points to
  while (!parts.empty()) {
    const std::string part = std::move(parts.back());
    parts.pop_back();
    const bool is_end = parts.empty() && !std::exchange(had_end, true);
    if (part == ".") continue;
    if (part == "..") {
      directory = parent(directory);
      continue;
    }
    Directory* watched = watch(directory, parts.empty() ? kContents : kEntries);
    if (is_end && has_wildcard(part)) {
      if (watched != nullptr) watched->patterns.push_back(part);
      return;
    }
    if (watched != nullptr) watched->names.insert(part);
    const auto target = link_target(joined(directory, part));
    if (!target) {
      directory = joined(directory, part);
    } else if (++links <= kMaxLinks) {
      if (target->starts_with('/')) directory.resize(1);
      const std::vector<std::string> inserted = reversed_parts(*target);
      parts.insert(parts.end(), inserted.begin(), inserted.end());
    } else {
      return;
    }
  }
}

FileWatch::Directory* FileWatch::watch(const std::string& directory, std::uint32_t events) {
  const int id = ::inotify_add_watch(inotify_.get(), directory.c_str(), events | IN_MASK_ADD);
  if (id < 0) {
    note(directory, errno);
    return nullptr;
  }
  Directory& watched = directories_[id];
  if (std::exchange(watched.round, round_) != round_) {
    watched.names.clear();
    watched.patterns.clear();
  }
  return &watched;
}

// A directory that is not there is no problem: the one above it tells when it comes.
void FileWatch::note(const std::string& directory, int error_number) {
  if (error_number == ENOENT || error_number == ENOTDIR) return;
  const std::string problem = base::errno_error(directory, error_number).message;
  if (!problems_.insert(problem).second || logged_.contains(problem)) return;
  base::log_warn("changes of files are noticed late only",
                 {{"reason", directory.empty() ? base::errno_error("inotify", error_number).message
                                               : problem}});
}

void FileWatch::end() {
  logged_ = problems_;
  for (auto directory = directories_.begin(); directory != directories_.end();) {
    if (directory->second.round == round_) {
      ++directory;
    } else {
      ::inotify_rm_watch(inotify_.get(), directory->first);
      directory = directories_.erase(directory);
    }
  }
}

void FileWatch::receive() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
  for (ssize_t offset = 0; offset < size;) {
    const char* const begin = buffer.data() + offset;
    inotify_event event{};
    std::memcpy(&event, begin, sizeof event);
    // Padded with zeros.
    const std::string name = event.len == 0 ? "" : begin + sizeof event;
    offset += static_cast<ssize_t>(sizeof event + event.len);
    take(event, name);
  }
}

void FileWatch::take(const inotify_event& event, const std::string& name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return on_change_(Change::kLost);
  const auto directory = directories_.find(event.wd);
  if (directory == directories_.end()) return;
  if ((event.mask & IN_IGNORED) != 0) {
    directories_.erase(directory);
    return on_change_(Change::kDone);
  }
  const auto& [names, patterns, round] = directory->second;
  const bool is_named = names.contains(name);
  if (!is_named && std::none_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD | FNM_NOESCAPE) == 0;
      })) {
    return;
  }
  // A link or a directory is whole when it is there; a file need not be.
  const bool may_grow = (event.mask & (IN_CREATE | IN_ISDIR)) == IN_CREATE;
  on_change_(may_grow ? Change::kBegun : Change::kDone);
}

}  // namespace rtt::targets
