#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace rtt::base {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress::IpAddress(const in_addr& v4) {
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
  std::memcpy(bytes_.data() + kMappedPrefix.size(), &v4, sizeof v4);
}

IpAddress::IpAddress(const in6_addr& v6) { std::memcpy(bytes_.data(), &v6, sizeof v6); }

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return IpAddress(v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6) == 1) return IpAddress(v6);
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from_sockaddr(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return IpAddress(v4.sin_addr);
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    return IpAddress(v6.sin6_addr);
  }
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; }) &&
         bytes_.back() == 1;
}

in_addr IpAddress::to_in_addr() const {
  assert(is_v4());
  in_addr v4{};
  std::memcpy(&v4, bytes_.data() + kMappedPrefix.size(), sizeof v4);
  return v4;
}

in6_addr IpAddress::to_in6_addr() const {
  in6_addr v6{};
  std::memcpy(&v6, bytes_.data(), sizeof v6);
  return v6;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    const in_addr v4 = to_in_addr();
    inet_ntop(AF_INET, &v4, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr = address.to_in_addr();
    std::memcpy(&storage, &v4, sizeof v4);
    length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_addr = address.to_in6_addr();
    std::memcpy(&storage, &v6, sizeof v6);
    length = sizeof v6;
  }
}

}  // namespace rtt::base

std::size_t std::hash<rtt::base::IpAddress>::operator()(
    const rtt::base::IpAddress& address) const noexcept {
  const auto& bytes = address.bytes();
  return std::hash<std::string_view>()(
      std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}
