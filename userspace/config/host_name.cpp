#include "config/host_name.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "config/wording.h"

namespace rtt::config {
namespace {

using base::Error;
using base::IpAddress;

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr const char* kAllowed =
    "; allowed: a host name or an IP address, like db1.example.net, 10.0.0.5 or 2001:db8::5";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

bool is_one_host(const IpAddress& address) {
  const IpAddress::Bytes& bytes = address.bytes();
  const bool is_multicast =
      address.is_v4() ? bytes[12] >= 224 && bytes[12] < 240 : bytes[0] == 0xff;
  const bool is_broadcast = address == IpAddress(in_addr{INADDR_BROADCAST});
  const bool is_unspecified = address == IpAddress() || address == IpAddress(in_addr{});
  return !is_multicast && !is_broadcast && !is_unspecified;
}

bool is_port(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// What people write where a host belongs; nothing when it is none of that.
std::optional<std::string> known_mistake(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return " is a URL; allowed: its host name only";
  if (base::IpPrefix::parse(text))
    return " is a network; allowed: hosts here, CIDR under 'networks'";
  if (text.starts_with('[')) return " has brackets; allowed: an IPv6 address without them";
  const std::size_t zone = text.find('%');
  if (zone != std::string_view::npos && IpAddress::parse(text.substr(0, zone))) {
    return " has a zone; allowed: an address without '%...'";
  }
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find(':') == colon && colon > 0 &&
      is_port(text.substr(colon + 1))) {
    return " has a port; allowed: the host only (ports belong to probes)";
  }
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; })) {
    return " is not ASCII; allowed: an international name in its 'xn--' form";
  }
  return std::nullopt;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), is_name_character);
}

// Precondition: no final dot.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  for (std::string_view rest = name;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (!is_label(label)) return false;
    // "10.0.0.256" is a misspelt address: no name ends in a number.
    if (dot == std::string_view::npos) return !std::all_of(label.begin(), label.end(), is_digit);
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace

base::Result<std::string> canonical_host(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) {
    if (is_one_host(*address)) return address->to_string();
    return Error{"host " + in_quotes(text) + " is not the address of one host" + kAllowed};
  }
  if (const auto mistake = known_mistake(text)) return Error{"host " + in_quotes(text) + *mistake};
  std::string_view name = text;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (!is_name(name)) {
    return Error{"host " + in_quotes(text) + " is neither a host name nor an address" + kAllowed};
  }
  std::string canonical(name);
  std::transform(canonical.begin(), canonical.end(), canonical.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return canonical;
}

}  // namespace rtt::config
