// Reads the key `probes` of whoever has hosts to probe: a list of names of the section `probes`.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "config/map_reader.h"

namespace rtt::config {

class ProbeList {
 public:
  /// `probes`: what may be named. Must outlive the list.
  explicit ProbeList(const std::vector<Probe>& probes);

  /// Indices, at most one of each method; what is wrong is noted.
  [[nodiscard]] std::vector<std::size_t> read(MapReader& reader) const;

 private:
  void add(const Node& item, ProblemList& problems, std::vector<std::size_t>& indices) const;

  const std::vector<Probe>& probes_;
  std::unordered_map<std::string, std::size_t> indices_;
  std::vector<std::string> names_;
};

}  // namespace rtt::config
