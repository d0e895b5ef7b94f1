// The addresses of this host, in this network namespace.
#pragma once

#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace rtt::targets {

/// Of all interfaces (getifaddrs(3)), loopback's too. Error: why the kernel does not tell.
[[nodiscard]] base::Result<std::vector<base::IpAddress>> own_addresses();

}  // namespace rtt::targets
