// Probers of the ICMP method on their own loop inside a namespace, for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/method_probers.h"
#include "probers/icmp/method.h"
#include "probers/icmp/options.h"

namespace rtt::probers::icmp {

using namespace std::chrono_literals;
using metrics::FailureReason;
using support::Namespace;
using support::wait_until;

struct BedOptions {
  bool privileged = true;  // otherwise the loop's thread is nobody
  base::nanoseconds timeout = 10s;
  std::uint16_t payload_bytes = 56;
  bool dont_fragment = false;
  std::uint8_t identifiers = 1;
  SocketOptions socket = {};
};

class Probers : public MethodProbers {
 public:
  Probers(const Namespace& where, const std::vector<std::string>& addresses,
          const BedOptions& options = {})
      : MethodProbers(where, method(), probe_with(options), addresses, options.privileged) {}

 private:
  static config::Probe probe_with(const BedOptions& options) {
    config::Probe probe;
    probe.timeout = options.timeout;
    auto icmp = std::make_shared<Options>();
    icmp->payload_bytes = options.payload_bytes;
    icmp->dont_fragment = options.dont_fragment;
    icmp->identifiers = options.identifiers;
    icmp->socket = options.socket;
    probe.options = icmp;
    return probe;
  }
};

}  // namespace rtt::probers::icmp
