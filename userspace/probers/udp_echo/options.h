// What a probe of method "udp_echo" may say beyond the common keys.
#pragma once

#include <cstdint>
#include <memory>

#include "config/config.h"
#include "config/map_reader.h"
#include "probers/socket_options.h"

namespace rtt::probers::udp_echo {

struct Options final : config::MethodOptions {
  std::uint16_t port = 10007;  // RFC 862's port 7, out of the privileged range
  /// Of the datagram, after its UDP header: kLeastPayloadBytes to kMostPayloadBytes.
  std::uint16_t payload_bytes = 32;
  bool dont_fragment = false;
  /// In rotation, one per probe: paths that are chosen by a hash over it are all measured. 1 to 64.
  std::uint8_t source_ports = 1;
  SocketOptions socket;

  [[nodiscard]] bool equals(const config::MethodOptions& other) const override;
};

[[nodiscard]] std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader);

}  // namespace rtt::probers::udp_echo
