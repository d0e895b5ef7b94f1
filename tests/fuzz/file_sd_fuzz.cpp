// Whatever the text: groups of valid hosts, or at least one problem, never a crash or a hang.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "config/file_sd.h"
#include "config/host_name.h"

namespace {

void check(std::string_view text, std::string_view path) {
  using namespace rtt::config;
  const auto result = parse_file_sd(text, path);
  if (const auto* problems = std::get_if<Problems>(&result)) {
    if (problems->empty()) std::abort();
    for (const std::string& problem : *problems) {
      if (!problem.starts_with(std::string(path) + ":") ||
          problem.find('\n') != std::string::npos) {
        std::abort();
      }
    }
    return;
  }
  for (const FileGroup& group : std::get<std::vector<FileGroup>>(result)) {
    if (group.hosts.empty()) std::abort();
    for (const std::string& host : group.hosts) {
      if (!canonical_host(host)) std::abort();
    }
    if (!std::is_sorted(group.labels.begin(), group.labels.end())) std::abort();
    for (const auto& [name, value] : group.labels) {
      if (name.starts_with("__") || value.empty()) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, "fuzz.json");
  check(text, "fuzz.yml");
  return 0;
}
