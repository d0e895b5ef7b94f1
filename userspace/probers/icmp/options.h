// What a probe of method "icmp" may say beyond the common keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/ip_address.h"
#include "config/config.h"
#include "config/map_reader.h"

namespace rtt::probers::icmp {

struct Options : config::MethodOptions {
  /// Of the echo request, after its 8-byte header. At least the token that tells a reply from a
  /// forged one (8), at most what an IPv4 packet holds (65507). Above the path's MTU: fragments.
  std::uint16_t payload_bytes = 56;
  std::uint8_t dscp = 0;  // RFC 2474; 0 to 63
  /// Nothing: the kernel chooses. Peers of the other family cannot be reached from it.
  std::optional<base::IpAddress> source;

  [[nodiscard]] bool equals(const config::MethodOptions& other) const override;
};

[[nodiscard]] std::shared_ptr<const config::MethodOptions> read_options(config::MapReader& reader);

}  // namespace rtt::probers::icmp
