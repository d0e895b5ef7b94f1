// The key `ip_family` of probes and targets.
#pragma once

#include "config/config.h"
#include "config/map_reader.h"

namespace rtt::config {

[[nodiscard]] IpFamily read_ip_family(MapReader& reader);

/// Whether an address of this family (AF_INET, AF_INET6) counts.
[[nodiscard]] bool has_family(IpFamily wanted, int family);

}  // namespace rtt::config
