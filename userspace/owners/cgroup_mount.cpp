#include "owners/cgroup_mount.h"

#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <sstream>

namespace rtt::owners {
namespace {

// The kernel writes blanks, tabs, newlines and backslashes in octal, "\040".
std::string unescaped(const std::string& text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '\\' && at + 3 < text.size() && is_octal(text[at + 1]) &&
                        is_octal(text[at + 2]) && is_octal(text[at + 3]);
    if (escape) {
      result += static_cast<char>(std::stoi(text.substr(at + 1, 3), nullptr, 8));
      at += 3;
    } else {
      result += text[at];
    }
  }
  return result;
}

// "36 35 0:31 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw" (proc_pid_mountinfo(5)).
std::optional<std::string> cgroup2_mount_point(const std::string& line) {
  std::istringstream words(line);
  std::string id, parent, device, root, mount_point, word;
  words >> id >> parent >> device >> root >> mount_point;
  while (words >> word && word != "-") {
  }
  if (!(words >> word) || word != "cgroup2") return std::nullopt;
  return unescaped(mount_point);
}

// The root of the tree, and nothing else, is cgroup number 1.
bool is_whole_tree(const std::string& mount_point) {
  struct stat status{};
  return stat(mount_point.c_str(), &status) == 0 && status.st_ino == 1;
}

}  // namespace

base::Result<std::string> find_cgroup2() {
  std::ifstream mounts("/proc/self/mountinfo");
  if (!mounts) return base::errno_error("cannot read /proc/self/mountinfo");
  std::optional<std::string> found;
  for (std::string line; std::getline(mounts, line);) {
    const auto mount_point = cgroup2_mount_point(line);
    if (!mount_point) continue;
    if (is_whole_tree(*mount_point)) return *mount_point;
    if (!found) found = mount_point;
  }
  if (!found) return base::Error{"cgroup2 is not mounted: sockets cannot be told apart by owner"};
  return *found;
}

}  // namespace rtt::owners
