#include "targets/file_list.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace rtt::targets {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool is_missing(int error_number) { return error_number == ENOENT || error_number == ENOTDIR; }

}  // namespace

std::optional<std::vector<std::string>> files_of(const std::string& pattern) {
  const std::size_t name_begin = pattern.rfind('/') + 1;
  const std::string name = pattern.substr(name_begin);
  std::vector<std::string> paths;
  if (name.find_first_of("*?[") == std::string::npos) {
    paths.push_back(pattern);
    return paths;
  }
  const std::string folder = pattern.substr(0, name_begin);
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(folder.c_str()));
  if (!directory) return is_missing(errno) ? std::optional(paths) : std::nullopt;
  for (errno = 0; const dirent* entry = ::readdir(directory.get()); errno = 0) {
    if (::fnmatch(name.c_str(), entry->d_name, FNM_PERIOD | FNM_NOESCAPE) == 0) {
      paths.push_back(folder + entry->d_name);
    }
  }
  if (errno != 0) return std::nullopt;
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool is_gone(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) != 0 && is_missing(errno);
}

}  // namespace rtt::targets
