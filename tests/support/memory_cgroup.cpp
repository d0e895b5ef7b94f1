#include "support/memory_cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::support {
namespace {

// A line of /proc/self/cgroup: "4:memory:/path", of v2 "0::/path".
std::optional<std::string> own_path(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return std::nullopt;
}

// Where the hierarchy is mounted: of this type, with this option (proc(5), /proc/pid/mounts).
std::optional<std::string> mount_point(const std::string& type, const std::string& option) {
  std::ifstream file("/proc/self/mounts");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string device, directory, mounted_type, options;
    words >> device >> directory >> mounted_type >> options;
    if (mounted_type == type && ("," + options + ",").find("," + option + ",") != options.npos) {
      return directory;
    }
  }
  return std::nullopt;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  if (!(file << text << std::flush)) throw_errno(path);
}

}  // namespace

std::optional<MemoryCgroup> MemoryCgroup::create() {
  struct Version {
    const char* type;
    const char* option;
    const char* controller;
    const char* limit;
  };
  const std::string name = "/rtt_test_" + std::to_string(::getpid());
  for (const auto& [type, option, controller, limit] :
       {Version{"cgroup", "memory", "memory", "memory.limit_in_bytes"},
        Version{"cgroup2", "rw", "", "memory.max"}}) {
    const auto mounted = mount_point(type, option);
    const auto own = own_path(controller);
    if (!mounted || !own) continue;
    const std::string path = *mounted + (*own == "/" ? "" : *own) + name;
    if (::mkdir(path.c_str(), 0755) != 0) continue;
    MemoryCgroup cgroup(path, path + "/" + limit);
    if (::access(cgroup.limit_file_.c_str(), W_OK) == 0) return cgroup;
  }
  return std::nullopt;
}

MemoryCgroup::MemoryCgroup(MemoryCgroup&& other) noexcept
    : path_(std::exchange(other.path_, {})), limit_file_(std::move(other.limit_file_)) {}

// A process that has ended leaves it a moment later.
MemoryCgroup::~MemoryCgroup() {
  if (!path_.empty()) (void)wait_until([this] { return ::rmdir(path_.c_str()) == 0; });
}

void MemoryCgroup::add(pid_t pid) const { write(path_ + "/cgroup.procs", std::to_string(pid)); }
void MemoryCgroup::set_limit(std::uint64_t bytes) const {
  write(limit_file_, std::to_string(bytes));
}

}  // namespace rtt::support
