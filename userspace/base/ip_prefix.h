// A CIDR prefix (RFC 4632): a network address and how many of its leading bits count.
//
// Value type, thread-safe. Like IpAddress it lives in the 128-bit space: 10.0.0.0/8 has length 104.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace rtt::base {

class IpPrefix {
 public:
  /// Bits past the length are cleared. Precondition: length <= 128.
  IpPrefix(const IpAddress& address, unsigned length_in_128);
  /// The one address.
  explicit IpPrefix(const IpAddress& address) : IpPrefix(address, 128) {}

  /// "10.1.0.0/16", "2001:db8::/32". Error: not a CIDR prefix, or set bits past its length (a
  /// typing error that would otherwise be guessed away).
  [[nodiscard]] static Result<IpPrefix> parse(std::string_view text);

  [[nodiscard]] const IpAddress& address() const { return address_; }
  /// 0 to 128; an IPv4 /n is 96 + n.
  [[nodiscard]] unsigned length_in_128() const { return length_; }
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const IpPrefix&) const = default;

 private:
  IpAddress address_;
  unsigned length_;
};

}  // namespace rtt::base
