#include "probers/icmp/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/result.h"
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

// Every request as long as it is: the interface's MTU counts, not what the kernel has learned of
// the path's, so that a change of the path shows at once.
base::Result<void> forbid_fragments(int fd, int family) {
  const bool done = family == AF_INET
                        ? set_option(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
                        : set_option(fd, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) &&
                              set_option(fd, SOL_IPV6, IPV6_DONTFRAG, 1);
  if (!done) return base::errno_error("cannot forbid fragments");
  return {};
}

// The kernel chooses the identifier and calls it the port.
base::Result<std::uint16_t> bound_identifier(int fd, const SocketSettings& settings) {
  const bool v4 = settings.family == AF_INET;
  base::SocketAddress local(v4 ? base::IpAddress(in_addr{}) : base::IpAddress(), 0);
  const bool bound = settings.options.source || bind(fd, local.get(), local.length) == 0;
  local.length = sizeof local.storage;
  if (!bound || getsockname(fd, reinterpret_cast<sockaddr*>(&local.storage), &local.length) != 0) {
    return base::errno_error("cannot get the identifier of an ICMP socket");
  }
  // Port and family lie at the same place in both kinds of addresses.
  sockaddr_in any;
  std::memcpy(&any, &local.storage, sizeof any);
  return ntohs(any.sin_port);
}

base::Result<void> report_errors(int fd, int family) {
  if (!(family == AF_INET ? set_option(fd, SOL_IP, IP_RECVERR, 1)
                          : set_option(fd, SOL_IPV6, IPV6_RECVERR, 1))) {
    return base::errno_error("cannot turn on error reports");
  }
  return {};
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

/// What does not depend on the probe's options.
base::Result<void> prepare(const Socket& socket, const SocketSettings& settings) {
  const int fd = socket.fd.get();
  enlarge_buffers(fd);
  auto done = socket.kind == EchoSocketKind::kRaw
                  ? attach_filters(fd, settings.family, socket.identifier)
                  : report_errors(fd, settings.family);
  if (done && settings.dont_fragment) done = forbid_fragments(fd, settings.family);
  if (done) done = enable_hop_limits(fd, settings.family);
  if (done) done = enable_timestamps(fd, SocketKind::kDatagram);
  return done;
}

SocketFailure failure(const base::Error& error) {
  return {metrics::FailureReason::kNoRoute, error.message};
}

}  // namespace

std::variant<Socket, SocketFailure> open_socket(const SocketSettings& settings,
                                                std::uint16_t raw_identifier) {
  Socket socket{.fd = {},
                .kind = EchoSocketKind::kRaw,
                .identifier = raw_identifier,
                .interface_index = interface_index(settings.options.interface)};
  auto fd = open_descriptor(settings.family, EchoSocketKind::kRaw);
  if (!fd) {
    const std::string raw_refused = fd.error().message;
    fd = open_descriptor(settings.family, EchoSocketKind::kPing);
    if (!fd) return failure({raw_refused + "; " + fd.error().message});
    socket.kind = EchoSocketKind::kPing;
  }
  socket.fd = *std::move(fd);
  if (const auto ready = prepare(socket, settings); !ready) return failure(ready.error());
  if (auto refused = apply(socket.fd.get(), settings.family, settings.options)) return *refused;
  if (socket.kind == EchoSocketKind::kPing) {
    const auto identifier = bound_identifier(socket.fd.get(), settings);
    if (!identifier) return failure(identifier.error());
    socket.identifier = *identifier;
  }
  return socket;
}

}  // namespace rtt::probers::icmp
