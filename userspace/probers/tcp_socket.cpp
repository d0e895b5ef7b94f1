#include "probers/tcp_socket.h"

#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "probers/timestamps.h"

namespace rtt::probers {
namespace {

using metrics::FailureReason;

// enum in the kernel's net/tcp_states.h; <netinet/tcp.h>, which has it too, lacks half of tcp_info.
constexpr std::uint8_t kTcpEstablished = 1;

tcp_info read_tcp_info(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return {};
  return info;
}

template <typename T>
bool set_option(int fd, int level, int name, const T& value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

FailureReason failure_of(int error) {
  return error == ECONNREFUSED ? FailureReason::kRefused : local_failure(error);
}

bool configure(int fd, int family, int syn_retries) {
  const int on = 1;
  const linger reset_on_close{.l_onoff = 1, .l_linger = 0};
  return set_option(fd, SOL_SOCKET, SO_LINGER, reset_on_close) &&
         set_option(fd, IPPROTO_TCP, TCP_SYNCNT, syn_retries) &&
         (family == AF_INET ? set_option(fd, IPPROTO_IP, IP_RECVERR, on)
                            : set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, on));
}

/// Connecting to a port of this host that nobody listens on can pick that very port as the source
/// and then connects to itself (simultaneous open, RFC 9293 3.5).
bool connected_to_itself(int fd) {
  base::SocketAddress local;
  base::SocketAddress remote;
  local.length = remote.length = sizeof local.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local.storage), &local.length) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&remote.storage), &remote.length) != 0) {
    return false;
  }
  return base::IpAddress::from_sockaddr(local.storage) ==
             base::IpAddress::from_sockaddr(remote.storage) &&
         reinterpret_cast<const sockaddr_in&>(local.storage).sin_port ==
             reinterpret_cast<const sockaddr_in&>(remote.storage).sin_port;
}

/// What the ICMP error says that ended the attempt; nothing when none did. The error number alone
/// cannot tell a reset from "port unreachable", nor "host unreachable" from "time exceeded".
std::optional<FailureReason> icmp_failure(int fd) {
  alignas(cmsghdr) std::array<std::byte, 256> control;
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  const auto error = parse_control(message).error;
  if (!error) return std::nullopt;
  const bool v4 = error->origin == SO_EE_ORIGIN_ICMP;
  if (!v4 && error->origin != SO_EE_ORIGIN_ICMP6) return std::nullopt;
  const int time_exceeded = v4 ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED;
  return error->type == time_exceeded ? FailureReason::kTtlExceeded : FailureReason::kUnreachable;
}

ConnectOutcome failed_attempt(int fd, int error) {
  using State = ConnectOutcome::State;
  if (const auto reason = icmp_failure(fd)) return {.state = State::kFailed, .reason = *reason};
  switch (error) {
    case ETIMEDOUT:
      return {.state = State::kSilent};
    case ECONNREFUSED:
      return {.state = State::kFailed, .reason = FailureReason::kRefused};
    case EHOSTUNREACH:
    case ENETUNREACH:
      return {.state = State::kFailed, .reason = FailureReason::kUnreachable};
    default:
      return {.state = State::kFailed, .reason = failure_of(error)};
  }
}

}  // namespace

TcpOptions read_tcp_options(config::MapReader& reader, std::optional<std::uint16_t> default_port) {
  constexpr std::int64_t kMaxPort = 65535;
  TcpOptions options;
  options.port =
      static_cast<std::uint16_t>(default_port ? reader.integer("port", *default_port, 1, kMaxPort)
                                              : reader.required_integer("port", 1, kMaxPort));
  options.socket = read_socket_options(reader);
  return options;
}

ConnectResult begin_connect(const base::IpAddress& peer, const TcpOptions& options, int syn_retries,
                            RefusalLog& refusals) {
  const int family = peer.family();
  const auto& source = options.socket.source;
  if (source && source->family() != family) return {{}, FailureReason::kNoRoute};
  base::UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return {{}, local_failure(errno)};
  const int fd = socket.get();
  if (!configure(fd, family, syn_retries)) return {{}, FailureReason::kSendError};
  if (const auto refused = apply(fd, family, options.socket)) {
    refusals.refused(family, options.socket, refused->message);
    return {{}, refused->reason};
  }
  refusals.worked(family, options.socket);
  const base::SocketAddress address(peer, options.port);
  if (connect(fd, address.get(), address.length) != 0 && errno != EINPROGRESS) {
    return {{}, failure_of(errno)};
  }
  return {std::move(socket), {}};
}

ConnectOutcome connect_outcome(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  const tcp_info info = read_tcp_info(fd);
  const bool established = error == 0 && info.tcpi_state == kTcpEstablished;
  ConnectOutcome outcome;
  if (established && connected_to_itself(fd)) {
    outcome = {.state = ConnectOutcome::State::kFailed,
               .reason = FailureReason::kRefused,
               .to_itself = true};
  } else if (established || info.tcpi_rtt > 0) {
    outcome.state = ConnectOutcome::State::kConnected;
    outcome.handshake_rtt = std::chrono::microseconds(info.tcpi_rtt);
  } else if (error != 0) {
    outcome = failed_attempt(fd, error);
  }
  outcome.retransmitted = info.tcpi_total_retrans > 0;
  return outcome;
}

void ignore_icmp_errors(int fd) {
  const int off = 0;
  // The one that is not of the socket's family fails, and has nothing to turn off.
  set_option(fd, IPPROTO_IP, IP_RECVERR, off);
  set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, off);
}

TcpRepairs read_tcp_repairs(int fd) {
  const tcp_info info = read_tcp_info(fd);
  return {info.tcpi_total_retrans, info.tcpi_rcv_ooopack};
}

}  // namespace rtt::probers
