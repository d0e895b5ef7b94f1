// Reads one target after the other, and remembers what the earlier ones have taken.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip_prefix.h"
#include "config/config.h"
#include "config/document.h"
#include "config/map_reader.h"

namespace rtt::config {

class TargetReader {
 public:
  /// `probes`: what targets may name. Must outlive the reader.
  explicit TargetReader(const std::vector<Probe>& probes);

  [[nodiscard]] Target read(MapReader& reader);

 private:
  void read_name(MapReader& reader, Target& target);
  void read_hosts(MapReader& reader, Target& target);
  void read_networks(MapReader& reader, Target& target);
  void read_local_ports(MapReader& reader, Target& target);
  void read_probes(MapReader& reader, Target& target);
  void add_probe(const Node& item, ProblemList& problems, Target& target) const;

  /// Notes it when an earlier element, of this target or another, has taken `key` already.
  template <typename Key>
  bool claim(std::map<Key, int>& lines, const Key& key, const Node& item, const std::string& what,
             ProblemList& problems);

  const std::vector<Probe>& probes_;
  std::unordered_map<std::string, std::size_t> probe_indices_;
  std::vector<std::string> probe_names_;
  // Who has taken what: on which line.
  std::map<std::string, int> names_;
  std::map<std::string, int> hosts_;
  std::map<base::IpPrefix, int> networks_;
  std::map<std::uint16_t, int> local_ports_;
};

}  // namespace rtt::config
