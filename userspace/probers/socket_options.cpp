#include "probers/socket_options.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/logging.h"
#include "base/result.h"

namespace rtt::probers {
namespace {

using metrics::FailureReason;
using Refusal = std::optional<SocketFailure>;

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/// Of the call that set errno.
SocketFailure refusal(const std::string& what) {
  const int error = errno;
  return {local_failure(error), base::errno_error(what, error).message};
}

// The kernel's dev_valid_name().
bool is_interface_name(const std::string& name) {
  constexpr std::string_view kForbidden = "/: \t\n\v\f\r";
  return name.size() < IFNAMSIZ && name != "." && name != ".." &&
         name.find_first_of(kForbidden) == std::string::npos;
}

std::optional<base::IpAddress> read_source(config::MapReader& reader) {
  const std::string text = reader.string("source", "");
  if (text.empty()) return std::nullopt;
  const auto address = base::IpAddress::parse(text);
  if (address && is_unicast(*address)) return address;
  reader.problem_at("source", "'source' is '" + text +
                                  "'; allowed: an IPv4 or IPv6 address of this host, or \"\" to "
                                  "let the kernel choose");
  return std::nullopt;
}

std::string read_interface(config::MapReader& reader) {
  std::string name = reader.string("interface", "");
  if (is_interface_name(name)) return name;
  reader.problem_at("interface", "'interface' is '" + name +
                                     "'; allowed: the name of a network interface (at most 15 "
                                     "characters), or \"\" to go as routed");
  return {};
}

Refusal bind_interface(int fd, const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto length = static_cast<socklen_t>(name.size());
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), length) == 0) return std::nullopt;
  if (errno == EPERM) return refusal("cannot bind to interface " + name + " (needs CAP_NET_RAW)");
  return refusal("cannot bind to interface " + name);
}

Refusal set_mark(int fd, std::uint32_t mark) {
  if (mark == 0) return std::nullopt;
  if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0) return std::nullopt;
  return refusal("cannot set mark " + std::to_string(mark) +
                 " (needs CAP_NET_RAW, before Linux 5.17 CAP_NET_ADMIN)");
}

Refusal set_ip_fields(int fd, int family, const SocketOptions& options) {
  const bool v4 = family == AF_INET;
  const int traffic_class = options.dscp << 2;  // above the two ECN bits
  if (!(v4 ? set_option(fd, IPPROTO_IP, IP_TOS, traffic_class)
           : set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, traffic_class))) {
    return refusal("cannot set DSCP " + std::to_string(options.dscp));
  }
  if (options.ttl != 0 && !(v4 ? set_option(fd, IPPROTO_IP, IP_TTL, options.ttl)
                               : set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, options.ttl))) {
    return refusal("cannot set TTL " + std::to_string(options.ttl));
  }
  return std::nullopt;
}

Refusal bind_source(int fd, int family, const base::IpAddress& source) {
  const std::string what = "cannot send from " + source.to_string();
  if (source.family() != family) {
    return SocketFailure{FailureReason::kNoRoute, what + " to a peer of the other IP family"};
  }
  int type = 0;
  socklen_t length = sizeof type;
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
  // A stream's port only needs to be free towards its peer.
  if (type == SOCK_STREAM) set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const base::SocketAddress address(source, 0);
  if (bind(fd, address.get(), address.length) != 0) return refusal(what);
  return std::nullopt;
}

}  // namespace

SocketOptions read_socket_options(config::MapReader& reader) {
  SocketOptions options;
  options.source = read_source(reader);
  options.interface = read_interface(reader);
  options.dscp = static_cast<std::uint8_t>(reader.integer("dscp", 0, 0, 63));
  options.ttl = static_cast<std::uint8_t>(reader.integer("ttl", 0, 1, 255));
  options.mark = static_cast<std::uint32_t>(reader.integer("mark", 0, 0, UINT32_MAX));
  return options;
}

std::optional<SocketFailure> apply(int fd, int family, const SocketOptions& options) {
  // Whether a source can be bound depends on the interface (VRF).
  if (auto failure = bind_interface(fd, options.interface)) return failure;
  if (auto failure = set_mark(fd, options.mark)) return failure;
  if (auto failure = set_ip_fields(fd, family, options)) return failure;
  if (options.source) return bind_source(fd, family, *options.source);
  return std::nullopt;
}

unsigned interface_index(const std::string& name) {
  return name.empty() ? 0 : if_nametoindex(name.c_str());
}

FailureReason local_failure(int error_number) {
  switch (error_number) {
    case ENODEV:
    case ENXIO:
      return FailureReason::kNoInterface;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EACCES:         // a prohibit route
    case EPERM:          // a local packet filter, or a privilege that is missing
    case EINVAL:         // a source that cannot reach this kind of address
    case EADDRNOTAVAIL:  // a source that is not of this host
    case EAFNOSUPPORT:   // the host has no IPv6
      return FailureReason::kNoRoute;
    default:
      return FailureReason::kSendError;
  }
}

bool is_unicast(const base::IpAddress& address) {
  const base::IpAddress::Bytes& bytes = address.bytes();
  if (!address.is_v4()) return address != base::IpAddress() && bytes[0] != 0xff;
  const std::uint32_t host_order = ntohl(address.to_in_addr().s_addr);
  return host_order != INADDR_ANY && host_order != INADDR_BROADCAST && !IN_MULTICAST(host_order);
}

void RefusalLog::refused(int family, const SocketOptions& options, const std::string& message) {
  std::string& known = refused_[{family, options}];
  if (known == message) return;
  known = message;
  base::log_warn("probes cannot be sent", {{"method", method_}, {"reason", message}});
}

void RefusalLog::worked(int family, const SocketOptions& options) {
  if (!refused_.empty()) refused_.erase({family, options});
}

}  // namespace rtt::probers
