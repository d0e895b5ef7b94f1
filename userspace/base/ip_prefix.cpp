#include "base/ip_prefix.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace rtt::base {
namespace {

IpAddress masked(const IpAddress& address, unsigned length) {
  IpAddress::Bytes bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = length > 8 * i ? std::min(8U, length - 8 * i) : 0;
    bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return IpAddress(bytes);
}

}  // namespace

IpPrefix::IpPrefix(const IpAddress& address, unsigned length_in_128)
    : address_(masked(address, length_in_128)), length_(length_in_128) {
  assert(length_in_128 <= 128);
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const Error malformed{
      "'" + std::string(text) +
      "' is not a network; allowed: CIDR notation like 10.1.0.0/16 or 2001:db8::/32"};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return malformed;
  const auto address = IpAddress::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool leading_zero = digits.size() > 1 && digits.front() == '0';
  if (!address || error != std::errc() || end != digits.data() + digits.size() || leading_zero) {
    return malformed;
  }
  // "::ffff:10.0.0.0/104" is IPv6 notation although the address is a mapped one.
  const bool v4_notation = text.substr(0, slash).find(':') == std::string_view::npos;
  if (length > (v4_notation ? 32U : 128U)) return malformed;
  if (v4_notation) length += 96;
  const IpPrefix prefix(*address, length);
  if (prefix.address() != *address) {
    return Error{"'" + std::string(text) +
                 "' has bits set past its prefix length; allowed: " + prefix.to_string()};
  }
  return prefix;
}

bool IpPrefix::contains(const IpAddress& address) const {
  return masked(address, length_) == address_;
}

std::string IpPrefix::to_string() const {
  const bool v4 = address_.is_v4() && length_ >= 96;
  return address_.to_string() + "/" + std::to_string(v4 ? length_ - 96 : length_);
}

}  // namespace rtt::base
