// What the TCP methods share: their options, a socket made from them, and what the kernel says of
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "config/map_reader.h"
#include "metrics/failure_reason.h"
#include "probers/socket_options.h"

namespace rtt::probers {

struct TcpOptions {
  std::uint16_t port = 0;
  SocketOptions socket{};

  bool operator==(const TcpOptions&) const = default;
};

/// Reads the keys port (required without a default) and those of SocketOptions.
[[nodiscard]] TcpOptions read_tcp_options(config::MapReader& reader,
                                          std::optional<std::uint16_t> default_port);

/// A socket that is connecting or connected, or why there is none.
struct ConnectResult {
  base::UniqueFd socket;  // non-blocking; an ICMP error to its SYN is kept for icmp_failure()
  std::optional<metrics::FailureReason> failure;
};

/// Begins to connect. `syn_retries`: TCP_SYNCNT, at least 1. `refusals` learns whether the host
/// allowed the options. Closing the socket sends a reset and leaves no TIME_WAIT behind.
[[nodiscard]] ConnectResult begin_connect(const base::IpAddress& peer, const TcpOptions& options,
                                          int syn_retries, RefusalLog& refusals);

/// How an attempt that was in progress came out.
struct ConnectOutcome {
  enum class State {
    kConnecting,
    kConnected,  // also when the peer has reset the connection since: the handshake was complete
    kSilent,     // the kernel gave up waiting for an answer
    kFailed,
  } state = State::kConnecting;
  metrics::FailureReason reason{};  // of kFailed
  /// The connection's other end is this very socket: nobody listens on the port.
  bool to_itself = false;
  /// The SYN went out more than once.
  bool retransmitted = false;
  /// Of kConnected: the kernel's time from SYN to SYN-ACK (struct tcp_sock srtt_us, which holds
  /// exactly that one sample until data is acknowledged).
  std::chrono::nanoseconds handshake_rtt{};
};

/// Takes the socket's pending error.
[[nodiscard]] ConnectOutcome connect_outcome(int fd);

/// For a connection that is to outlive them: an ICMP error no longer ends it, and the error queue
/// is emptied.
void ignore_icmp_errors(int fd);

/// What TCP had to repair on a connection so far (tcp(7), TCP_INFO). Both only grow, modulo 2^32.
struct TcpRepairs {
  std::uint32_t segments_retransmitted = 0;
  /// Arrived with a gap before them. Always 0 before Linux 5.4.
  std::uint32_t segments_out_of_order = 0;

  bool operator==(const TcpRepairs&) const = default;
};

[[nodiscard]] TcpRepairs read_tcp_repairs(int fd);

}  // namespace rtt::probers
