#include "probers/packet_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/result.h"
#include "probers/timestamps.h"

namespace rtt::probers {
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

std::optional<SocketFailure> failure(const base::Error& error) {
  return SocketFailure{metrics::FailureReason::kNoRoute, error.message};
}

}  // namespace

std::optional<SocketFailure> prepare_packet_socket(int fd, const ChannelSettings& settings) {
  enlarge_buffers(fd);
  base::Result<void> done;
  if (settings.dont_fragment) done = forbid_fragments(fd, settings.family);
  if (done) done = enable_hop_limits(fd, settings.family);
  if (done) done = enable_timestamps(fd, SocketKind::kDatagram);
  if (!done) return failure(done.error());
  return apply(fd, settings.family, settings.socket);
}

std::optional<SocketFailure> report_errors(int fd, int family) {
  if (family == AF_INET ? set_option(fd, SOL_IP, IP_RECVERR, 1)
                        : set_option(fd, SOL_IPV6, IPV6_RECVERR, 1)) {
    return std::nullopt;
  }
  return failure(base::errno_error("cannot turn on error reports"));
}

std::uint16_t bound_port(int fd, const ChannelSettings& settings) {
  const bool v4 = settings.family == AF_INET;
  base::SocketAddress local(v4 ? base::IpAddress(in_addr{}) : base::IpAddress(), 0);
  const bool bound = settings.socket.source || bind(fd, local.get(), local.length) == 0;
  local.length = sizeof local.storage;
  if (!bound || getsockname(fd, reinterpret_cast<sockaddr*>(&local.storage), &local.length) != 0) {
    return 0;
  }
  // The port lies at the same place in sockaddr_in and sockaddr_in6.
  return ntohs(reinterpret_cast<const sockaddr_in&>(local.storage).sin_port);
}

}  // namespace rtt::probers
