// What a probe of method "icmp" may say beyond the common keys.
#pragma once

#include <cstdint>
#include <memory>

#include "config/config.h"
#include "config/map_reader.h"
#include "probers/socket_options.h"

namespace rtt::probers::icmp {

struct Options : config::MethodOptions {
  /// Of the echo request, after its 8-byte header. At least the token that tells a reply from a
  /// forged one (8), at most what an IPv4 packet holds (65507). Above the path's MTU: fragments,
  /// or failures with dont_fragment.
  std::uint16_t payload_bytes = 56;
  bool dont_fragment = false;
  /// In rotation, one per probe: paths that are chosen by a hash over it are all measured. 1 to 64.
  std::uint8_t identifiers = 1;
  SocketOptions socket;

  [[nodiscard]] bool equals(const config::MethodOptions& other) const override;
};

[[nodiscard]] std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader);

}  // namespace rtt::probers::icmp
