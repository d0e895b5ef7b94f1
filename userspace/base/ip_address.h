// An IPv4 or IPv6 address, compared as one 128-bit value.
//
// IPv4 is held in its v4-mapped form (::ffff:a.b.c.d, RFC 4291 2.5.5.2), so that the address of a
// dual-stack socket's IPv4 peer equals the same address configured as IPv4. Value type, no
// allocation, thread-safe.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rtt::base {

class IpAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  /// The unspecified IPv6 address "::".
  IpAddress() = default;
  /// 16 bytes in network order; IPv4 in v4-mapped form.
  explicit IpAddress(const Bytes& bytes) : bytes_(bytes) {}
  explicit IpAddress(const in_addr& v4);
  explicit IpAddress(const in6_addr& v6);

  /// A literal without zone, brackets or port. Nothing for anything else, host names included.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  /// Nothing for a family other than AF_INET and AF_INET6.
  [[nodiscard]] static std::optional<IpAddress> from_sockaddr(const sockaddr_storage& address);

  [[nodiscard]] bool is_v4() const;
  /// AF_INET or AF_INET6.
  [[nodiscard]] int family() const { return is_v4() ? AF_INET : AF_INET6; }
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  /// Precondition: is_v4().
  [[nodiscard]] in_addr to_in_addr() const;
  [[nodiscard]] in6_addr to_in6_addr() const;
  /// "10.0.0.5", "2001:db8::5" (RFC 5952).
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  Bytes bytes_{};
};

/// A sockaddr with its length, ready for connect(2), bind(2) and sendto(2).
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  SocketAddress() = default;
  SocketAddress(const IpAddress& address, std::uint16_t port);
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

}  // namespace rtt::base

template <>
struct std::hash<rtt::base::IpAddress> {
  std::size_t operator()(const rtt::base::IpAddress& address) const noexcept;
};
