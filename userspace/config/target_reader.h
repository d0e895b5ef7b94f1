// Reads one target after the other, and remembers what the earlier ones have taken.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ip_prefix.h"
#include "config/config.h"
#include "config/document.h"
#include "config/map_reader.h"
#include "config/probe_list.h"

namespace rtt::config {

class TargetReader {
 public:
  /// `probes`: what targets may name. Must outlive the reader. `discovered_taken`: the name
  /// kDiscoveredTarget is.
  TargetReader(const std::vector<Probe>& probes, bool discovered_taken)
      : probes_(probes), discovered_taken_(discovered_taken) {}

  [[nodiscard]] Target read(MapReader& reader);

 private:
  void read_name(MapReader& reader, Target& target);
  void read_hosts(MapReader& reader, Target& target);
  void read_networks(MapReader& reader, Target& target);
  void read_local_ports(MapReader& reader, Target& target);
  void read_probes(MapReader& reader, Target& target);
  void read_dns_peers(MapReader& reader, Target& target);
  void read_files(MapReader& reader, Target& target);
  static void read_max_peers(MapReader& reader, Target& target);

  /// Notes it when an earlier element, of this target or another, has taken `key` already.
  template <typename Key>
  bool claim(std::map<Key, int>& lines, const Key& key, const Node& item, const std::string& what,
             ProblemList& problems);

  const ProbeList probes_;
  const bool discovered_taken_;
  // Who has taken what: on which line.
  std::map<std::string, int> names_;
  std::map<std::string, int> hosts_;
  std::map<base::IpPrefix, int> networks_;
  std::map<std::uint16_t, int> local_ports_;
  std::map<std::string, int> dns_peers_;
  std::map<std::string, int> files_;
};

}  // namespace rtt::config
