// A namespace with a name server of its own, for tests of the whole program.
#pragma once

#include <memory>
#include <string>

#include "support/daemon.h"
#include "support/dns_server.h"
#include "support/netns.h"

namespace rtt::integration {

/// The section `dns`: everything is asked for again at once.
inline const std::string kEagerDns =
    "dns: {min_refresh: 100ms, max_refresh: 100ms, timeout: 500ms}\n";

struct DnsBed {
  support::Namespace here;
  std::unique_ptr<support::DnsServer> dns =
      here.run([] { return std::make_unique<support::DnsServer>("127.0.0.1", 53); });

  /// What the program in the namespace is started with to ask this server.
  [[nodiscard]] static support::Daemon::Options options(const std::string& config) {
    return {.config = config, .resolv_conf = "nameserver 127.0.0.1\n"};
  }
};

}  // namespace rtt::integration
