// The targets of a configuration with what discovery found: what is measured in the end.
//
// A pure function: the same answer for the same configuration and findings. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "config/config.h"
#include "config/file_sd.h"

namespace rtt::targets {

struct Discovered {
  std::string node = {};  // this host's name: which subset max_peers picks
  std::vector<base::IpAddress> own_addresses = {};
  std::map<std::string, std::vector<config::FileGroup>> files = {};    // by Target::files
  std::map<std::string, std::vector<base::IpAddress>> dns_peers = {};  // by Target::dns_peers
  std::vector<base::IpAddress> passive_peers = {};
};

struct Expansion {
  /// Those of the configuration first, as they are, so that limits.max_series meets discovered peers
  /// first; behind them the discovered hosts, in the order of the targets that they belong to. A
  /// name can be there several times then, with other labels.
  std::vector<config::Target> targets;
  // Peers, by how they were found.
  std::size_t from_files = 0;
  std::size_t from_dns = 0;
  std::size_t from_passive = 0;
};

/// A host that is a peer already, in whatever spelling, is not one again: configured ones go first,
/// then the order of the targets decides, files before DNS. Left out are also what Target::ip_family
/// excludes, and of DNS names and passive peers the addresses of this host. The labels of a file
/// replace those of its target that have the same name.
[[nodiscard]] Expansion expand(const config::Config& config, const Discovered& discovered);

}  // namespace rtt::targets
