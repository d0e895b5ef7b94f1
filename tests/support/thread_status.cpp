#include "support/thread_status.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace rtt::support {
namespace {

namespace fs = std::filesystem;

fs::path threads_of(pid_t pid) { return "/proc/" + std::to_string(pid) + "/task"; }

}  // namespace

std::set<std::string> thread_status(pid_t pid, const std::string& field) {
  std::set<std::string> values;
  for (const auto& thread : fs::directory_iterator(threads_of(pid))) {
    std::ifstream status(thread.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(field + ":\t")) values.insert(line.substr(field.size() + 2));
    }
  }
  return values;
}

std::string capability_mask(const std::vector<int>& capabilities) {
  std::uint64_t mask = 0;
  for (const int capability : capabilities) mask |= std::uint64_t{1} << capability;
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, mask);
  return text;
}

}  // namespace rtt::support
