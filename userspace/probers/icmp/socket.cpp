#include "probers/icmp/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "probers/icmp/filter.h"
#include "probers/packet_socket.h"

namespace rtt::probers::icmp {
namespace {

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

SocketFailure failure(const base::Error& error) {
  return {metrics::FailureReason::kNoRoute, error.message};
}

std::optional<SocketFailure> select_packets(const Socket& socket, int family) {
  if (socket.kind == EchoSocketKind::kPing) return report_errors(socket.fd.get(), family);
  const auto filtered = attach_filters(socket.fd.get(), family, socket.identifier);
  return filtered ? std::nullopt : std::optional(failure(filtered.error()));
}

}  // namespace

std::variant<Socket, SocketFailure> open_socket(const ChannelSettings& settings,
                                                std::uint16_t raw_identifier) {
  Socket socket{.fd = {}, .kind = EchoSocketKind::kRaw, .identifier = raw_identifier};
  auto fd = open_descriptor(settings.family, EchoSocketKind::kRaw);
  if (!fd) {
    const std::string raw_refused = fd.error().message;
    fd = open_descriptor(settings.family, EchoSocketKind::kPing);
    if (!fd) return failure({raw_refused + "; " + fd.error().message});
    socket.kind = EchoSocketKind::kPing;
  }
  socket.fd = *std::move(fd);
  if (auto refused = select_packets(socket, settings.family)) return *std::move(refused);
  if (auto refused = prepare_packet_socket(socket.fd.get(), settings)) return *std::move(refused);
  if (socket.kind == EchoSocketKind::kPing) {
    // The kernel chooses the identifier and calls it the port.
    socket.identifier = bound_port(socket.fd.get(), settings);
    if (socket.identifier == 0) {
      return failure(base::errno_error("cannot get the identifier of an ICMP socket"));
    }
  }
  return socket;
}

}  // namespace rtt::probers::icmp
