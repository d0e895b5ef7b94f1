#include "support/cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "support/setup_error.h"

namespace rtt::support {
namespace {

std::string mount_point() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, directory, type;
    words >> device >> directory >> type;
    if (type == "cgroup2") return directory;
  }
  throw SetupError("cgroup2 is not mounted");
}

// "0::/path" is the line of version 2.
std::string own_cgroup() {
  std::ifstream lines("/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  throw SetupError("no cgroup2 of this process");
}

}  // namespace

Cgroups::Cgroups() {
  const std::string mounted = mount_point();
  home_ = mounted + own_cgroup();
  root_ = mounted + "/rtt_test_" + std::to_string(getpid());
  if (mkdir(root_.c_str(), 0755) != 0) throw_errno("cannot make " + root_);
}

Cgroups::~Cgroups() {
  std::sort(made_.rbegin(), made_.rend());
  for (const std::string& directory : made_) rmdir(directory.c_str());
  rmdir(root_.c_str());
}

void Cgroups::make(const std::string& path) {
  for (std::size_t slash = path.find('/');; slash = path.find('/', slash + 1)) {
    const std::string directory = root_ + "/" + path.substr(0, slash);
    if (mkdir(directory.c_str(), 0755) == 0) {
      made_.push_back(directory);
    } else if (errno != EEXIST) {
      throw_errno("cannot make " + directory);
    }
    if (slash == std::string::npos) return;
  }
}

void Cgroups::remove(const std::string& path) {
  const std::string directory = root_ + "/" + path;
  if (rmdir(directory.c_str()) != 0) throw_errno("cannot remove " + directory);
}

void Cgroups::enter(const std::string& directory) const {
  std::ofstream processes(directory + "/cgroup.procs");
  processes << "0" << std::flush;
  if (!processes) throw SetupError("cannot move into " + directory);
}

}  // namespace rtt::support
