#include "probers/icmp/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/random.h"
#include "probers/icmp/filter.h"
#include "probers/timestamps.h"

namespace rtt::probers::icmp {
namespace {

// Room for the answers to 10,000 probes that are sent at once; the kernel takes the memory only
// while packets wait.
constexpr int kBufferBytes = 8 << 20;

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// Without the privilege the kernel grants what its limit allows.
void enlarge_buffers(int fd) {
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kBufferBytes)) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, kBufferBytes);
  }
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kBufferBytes)) {
    set_option(fd, SOL_SOCKET, SO_SNDBUF, kBufferBytes);
  }
}

base::Result<void> set_dscp(int fd, const SocketSettings& settings) {
  const int traffic_class = settings.dscp << 2;  // above the two ECN bits
  const bool done = settings.family == AF_INET
                        ? set_option(fd, SOL_IP, IP_TOS, traffic_class)
                        : set_option(fd, SOL_IPV6, IPV6_TCLASS, traffic_class);
  if (!done) return base::errno_error("cannot set DSCP " + std::to_string(settings.dscp));
  return {};
}

base::Result<void> bind_source(int fd, const SocketSettings& settings) {
  if (!settings.source) return {};
  const base::SocketAddress address(*settings.source, 0);
  if (bind(fd, address.get(), address.length) != 0) {
    return base::errno_error("cannot send from " + settings.source->to_string());
  }
  return {};
}

base::Result<std::uint16_t> prepare_raw(int fd, const SocketSettings& settings) {
  const auto identifier = static_cast<std::uint16_t>(base::random_u64());
  if (auto filtered = attach_filters(fd, settings.family, identifier); !filtered) {
    return filtered.error();
  }
  if (auto bound = bind_source(fd, settings); !bound) return bound.error();
  return identifier;
}

// The kernel chooses the identifier and calls it the port.
base::Result<std::uint16_t> prepare_ping(int fd, const SocketSettings& settings) {
  const bool v4 = settings.family == AF_INET;
  if (!(v4 ? set_option(fd, SOL_IP, IP_RECVERR, 1) : set_option(fd, SOL_IPV6, IPV6_RECVERR, 1))) {
    return base::errno_error("cannot turn on error reports");
  }
  SocketSettings where = settings;
  if (!where.source) where.source = v4 ? base::IpAddress(in_addr{}) : base::IpAddress();
  if (auto bound = bind_source(fd, where); !bound) return bound.error();
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &length) != 0) {
    return base::errno_error("cannot read the identifier of an ICMP socket");
  }
  // Port and family lie at the same place in both kinds of addresses.
  sockaddr_in any;
  std::memcpy(&any, &local, sizeof any);
  return ntohs(any.sin_port);
}

base::Result<base::UniqueFd> open_descriptor(int family, EchoSocketKind kind) {
  const int protocol = family == AF_INET ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  const int type = kind == EchoSocketKind::kRaw ? SOCK_RAW : SOCK_DGRAM;
  base::UniqueFd fd(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (fd) return fd;
  const std::string what = family == AF_INET ? "ICMP socket" : "ICMPv6 socket";
  return base::errno_error(kind == EchoSocketKind::kRaw
                               ? "raw " + what + " (needs CAP_NET_RAW)"
                               : "unprivileged " + what + " (needs net.ipv4.ping_group_range)");
}

base::Result<Socket> prepare(base::UniqueFd fd, EchoSocketKind kind,
                             const SocketSettings& settings) {
  enlarge_buffers(fd.get());
  if (auto set = set_dscp(fd.get(), settings); !set) return set.error();
  const auto identifier = kind == EchoSocketKind::kRaw ? prepare_raw(fd.get(), settings)
                                                       : prepare_ping(fd.get(), settings);
  if (!identifier) return identifier.error();
  if (auto stamped = enable_timestamps(fd.get(), SocketKind::kDatagram); !stamped) {
    return stamped.error();
  }
  return Socket{.fd = std::move(fd), .kind = kind, .identifier = *identifier};
}

}  // namespace

base::Result<Socket> open_socket(const SocketSettings& settings) {
  assert(!settings.source || settings.source->family() == settings.family);
  auto raw = open_descriptor(settings.family, EchoSocketKind::kRaw);
  if (raw) return prepare(*std::move(raw), EchoSocketKind::kRaw, settings);
  auto ping = open_descriptor(settings.family, EchoSocketKind::kPing);
  if (ping) return prepare(*std::move(ping), EchoSocketKind::kPing, settings);
  return base::Error{raw.error().message + "; " + ping.error().message};
}

bool is_unicast(const base::IpAddress& address) {
  const base::IpAddress::Bytes& bytes = address.bytes();
  if (!address.is_v4()) return address != base::IpAddress() && bytes[0] != 0xff;
  const std::uint32_t host_order = ntohl(address.to_in_addr().s_addr);
  return host_order != INADDR_ANY && host_order != INADDR_BROADCAST && !IN_MULTICAST(host_order);
}

}  // namespace rtt::probers::icmp
