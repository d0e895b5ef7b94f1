#include "support/bpf_objects.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/process.h"

namespace rtt::support {

// The kernel writes "prog_id:	12" into a descriptor's fdinfo.
BpfObjects bpf_objects_of(pid_t pid) {
  BpfObjects objects;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fdinfo")) {
    std::ifstream lines(entry.path());
    for (std::string word; lines >> word;) {
      for (const char* kind : {"prog", "map", "link"}) {
        if (word == std::string(kind) + "_id:" && lines >> word) objects[kind].insert(word);
      }
      lines.ignore(1000, '\n');
    }
  }
  return objects;
}

// Entries of bpftool begin with "12: ".
BpfObjects remaining(const BpfObjects& objects) {
  BpfObjects result;
  for (const auto& [kind, ids] : objects) {
    std::istringstream list(run_command({"bpftool", kind, "list"}));
    for (std::string line; std::getline(list, line);) {
      const std::string id = line.substr(0, line.find(':'));
      if (ids.contains(id)) result[kind].insert(id);
    }
  }
  return result;
}

}  // namespace rtt::support
