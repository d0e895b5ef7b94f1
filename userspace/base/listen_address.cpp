#include "base/listen_address.h"

#include <charconv>

namespace rtt::base {

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const Error malformed{"'" + std::string(text) +
                        "' is not a listen address; allowed: :port, 127.0.0.1:port or [::1]:port"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed;
  ListenAddress result;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return malformed;
  std::string_view host = text.substr(0, colon);
  if (host.empty()) return result;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  result.address = IpAddress::parse(host);
  const bool v6_notation = host.find(':') != std::string_view::npos;
  if (!result.address || bracketed != v6_notation) return malformed;
  return result;
}

std::string ListenAddress::to_string() const {
  std::string suffix = ":" + std::to_string(port);
  if (!address) return suffix;
  return (address->is_v4() ? address->to_string() : "[" + address->to_string() + "]") + suffix;
}

}  // namespace rtt::base
