// What tests of the UDP echo method share: its probers, and two hosts on one link.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/method_probers.h"
#include "probers/udp_echo/message.h"
#include "probers/udp_echo/method.h"
#include "probers/udp_echo/options.h"
#include "support/udp_service.h"

namespace rtt::probers::udp_echo {

using support::UdpService;
using Bytes = UdpService::Bytes;
using Request = UdpService::Request;

inline constexpr std::uint16_t kPort = 10007;

struct BedOptions {
  base::nanoseconds timeout = 10s;
  std::uint16_t payload_bytes = 32;
  std::uint8_t source_ports = 1;
  bool dont_fragment = false;
  SocketOptions socket = {};
};

class Probers : public MethodProbers {
 public:
  Probers(const Namespace& where, const std::vector<std::string>& addresses,
          const BedOptions& options = {})
      : MethodProbers(where, method(), probe_with(options), addresses) {}

 private:
  static config::Probe probe_with(const BedOptions& options) {
    config::Probe probe;
    probe.timeout = options.timeout;
    auto udp = std::make_shared<Options>();
    udp->port = kPort;
    udp->payload_bytes = options.payload_bytes;
    udp->source_ports = options.source_ports;
    udp->dont_fragment = options.dont_fragment;
    udp->socket = options.socket;
    probe.options = udp;
    return probe;
  }
};

/// Two hosts on one link; the probers run on the near one.
class UdpTest : public testing::Test {
 protected:
  Namespace near_;
  Namespace far_;
  support::LinkAddresses link_ = support::connect_by_veth(near_, far_);
};

}  // namespace rtt::probers::udp_echo
