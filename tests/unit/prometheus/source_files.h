// The source tree as the tests of config/prometheus and config/stack read it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace rtt::prometheus {

inline const std::filesystem::path kSource = RTT_SOURCE_DIR;

inline std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Throws YAML::Exception: the test fails with its text.
inline YAML::Node yaml(const std::filesystem::path& path) { return YAML::LoadFile(path.string()); }

/// Files of a directory whose names end like this, sorted.
inline std::vector<std::filesystem::path> files(const std::filesystem::path& directory,
                                                const std::string& ending) {
  std::set<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().ends_with(ending)) found.insert(entry.path());
  }
  return {found.begin(), found.end()};
}

/// The first group of every match.
inline std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    found.insert(match->str(1));
  }
  return found;
}

}  // namespace rtt::prometheus
