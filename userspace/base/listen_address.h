// Where a server listens: "host:port" with an IP literal, or ":port" for every address of the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace rtt::base {

struct ListenAddress {
  /// Nothing: every address, IPv4 and IPv6.
  std::optional<IpAddress> address;
  /// 0: the kernel chooses.
  std::uint16_t port = 0;

  /// ":10049", "127.0.0.1:10049", "[::1]:10049". Error: what is wrong and what is allowed.
  [[nodiscard]] static Result<ListenAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  bool operator==(const ListenAddress&) const = default;
};

}  // namespace rtt::base
