// How a probe leaves this host: the keys source, interface, dscp, ttl and mark of every method,
// read and applied in this one place.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/ip_address.h"
#include "config/map_reader.h"
#include "metrics/failure_reason.h"

namespace rtt::probers {

struct SocketOptions {
  /// Nothing: the kernel chooses. Peers of the other family cannot be reached from it.
  std::optional<base::IpAddress> source{};
  /// By name (SO_BINDTODEVICE): nothing leaves or is taken in by another one. Empty: as routed.
  std::string interface{};
  std::uint8_t dscp = 0;   // RFC 2474, 0 to 63
  std::uint8_t ttl = 0;    // IPv4 TTL, IPv6 hop limit; 0: the system's default
  std::uint32_t mark = 0;  // SO_MARK, for routing rules and packet filters; 0: none

  auto operator<=>(const SocketOptions&) const = default;
};

/// Reads the keys; each may be absent.
[[nodiscard]] SocketOptions read_socket_options(config::MapReader& reader);

/// Why a probe could not leave this host.
struct SocketFailure {
  metrics::FailureReason reason{};  // kNoInterface, kNoRoute or kSendError
  std::string message;              // a phrase that says what the kernel refused
};

/// Makes a new socket (datagram, raw or stream, of `family` AF_INET or AF_INET6) leave as
/// `options` say; nothing: done. Call it before connect(2) and bind(2): with a source it binds to
/// that, at any port (a stream's is chosen at connect(2)), without one it does not bind.
///
/// An interface that is not there is kNoInterface, so a later socket works again when it is back.
/// A socket stays bound to the interface of that time, whatever has its name later: one that lives
/// long must be replaced, see interface_index().
[[nodiscard]] std::optional<SocketFailure> apply(int fd, int family, const SocketOptions& options);

/// What the name stands for now; 0 when there is no such interface, and for the empty name. Two
/// calls with different results: sockets made in between are bound to what is gone.
[[nodiscard]] unsigned interface_index(const std::string& name);

/// The reason of a failure that connect(2) or a send reported with this errno before anything left
/// the host: kNoInterface, kNoRoute or kSendError.
[[nodiscard]] metrics::FailureReason local_failure(int error_number);

/// Whether one node can have this address: not unspecified, not multicast, not the limited
/// broadcast address.
[[nodiscard]] bool is_unicast(const base::IpAddress& address);

/// Says in the log why probes of a method cannot be sent: once for all probes with equal options,
/// and again only after they worked in between. Not thread-safe.
class RefusalLog {
 public:
  /// `method`: its name, for the log.
  explicit RefusalLog(std::string method) : method_(std::move(method)) {}

  void refused(int family, const SocketOptions& options, const std::string& message);
  void worked(int family, const SocketOptions& options);

 private:
  std::string method_;
  std::map<std::pair<int, SocketOptions>, std::string> refused_;
};

}  // namespace rtt::probers
