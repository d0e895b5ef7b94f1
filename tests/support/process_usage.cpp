#include "support/process_usage.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/setup_error.h"

namespace rtt::support {
namespace {

// Lines such as "Rss:       1234 kB".
void read_memory(const std::string& process, ProcessUsage& usage) {
  std::ifstream rollup(process + "/smaps_rollup");
  for (std::string key; rollup >> key;) {
    std::uint64_t kilobytes = 0;
    if (key == "Rss:" && rollup >> kilobytes) usage.resident_bytes = kilobytes * 1024;
    if (key == "Anonymous:" && rollup >> kilobytes) usage.anonymous_bytes = kilobytes * 1024;
    rollup.ignore(1000, '\n');
  }
  if (usage.resident_bytes == 0) throw SetupError("nothing can be read in " + process);
}

void read_bpf_ids(const std::filesystem::path& descriptor, ProcessUsage& usage) {
  std::ifstream lines(descriptor);
  for (std::string key; lines >> key;) {
    std::uint32_t id = 0;
    if (key == "map_id:" && lines >> id) usage.bpf_maps.insert(id);
    if (key == "link_id:" && lines >> id) usage.bpf_links.insert(id);
    if (key == "prog_id:" && lines >> id) usage.bpf_programs.insert(id);
    lines.ignore(1000, '\n');
  }
}

std::size_t entries_of(const std::string& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}

}  // namespace

ProcessUsage usage_of(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  ProcessUsage usage;
  try {
    read_memory(process, usage);
    usage.threads = entries_of(process + "/task");
    for (const auto& descriptor : std::filesystem::directory_iterator(process + "/fdinfo")) {
      ++usage.descriptors;
      read_bpf_ids(descriptor.path(), usage);
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw SetupError(error.what());
  }
  return usage;
}

}  // namespace rtt::support
