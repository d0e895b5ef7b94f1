// What inet_diag says and how it is asked (sock_diag(7), linux/inet_diag.h): netlink bytes <-> values.
//
// Pure functions over bytes that nobody vouches for: any input gives a result, none a crash.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/ip_address.h"

namespace rtt::passive {

/// One socket with its TCP_INFO. What an older kernel does not report is 0.
struct TcpSocketInfo {
  std::uint64_t cookie = 0;  // unique among all sockets since boot
  base::IpAddress remote;
  std::uint64_t cgroup =
      0;  // id of the one it was made in; 0: not told (before 5.8, closed sockets)
  std::uint16_t local_port = 0;              // host byte order
  std::uint8_t state = 0;                    // TCP_ESTABLISHED and so on (netinet/tcp.h)
  std::uint32_t srtt_us = 0;                 // 0: no sample yet
  std::uint32_t min_rtt_us = 0;              // 0: no sample yet
  std::uint32_t data_segments_sent = 0;      // retransmissions included; wraps
  std::uint32_t segments_retransmitted = 0;  // SYN and FIN included; wraps
  std::chrono::milliseconds idle{};          // since data or an ACK last went either way
};

/// Of a request, and of the answers to it.
struct NetlinkAddress {
  std::uint32_t sequence = 0;
  std::uint32_t port_id = 0;
};

enum class DumpFamilies {
  kBoth,  // TCPDIAG_GETSOCK: one pass of the kernel over its table serves IPv4 and IPv6
  kIpv4,  // SOCK_DIAG_BY_FAMILY
  kIpv6,
};

/// Bits (1 << TCP_ESTABLISHED) of the connections that send, or wait for an ACK of, segments:
/// neither listeners, nor TIME_WAIT, nor half-open connections that have no socket yet.
[[nodiscard]] std::uint32_t connection_states();

/// A request for all sockets in `states`, with their TCP_INFO. No states: an answer without
/// sockets.
[[nodiscard]] std::vector<std::byte> dump_request(DumpFamilies families, std::uint32_t states,
                                                  NetlinkAddress address);

struct DatagramResult {
  enum class End { kMore, kDone, kError };
  End end = End::kMore;
  int error_number = 0;      // kError: what the kernel says
  bool interrupted = false;  // the table changed under the dump: sockets may lack or come twice
  unsigned malformed = 0;    // messages that contradict themselves
  unsigned foreign = 0;      // messages to another address, or of another type
};

/// Visits every socket in one datagram that is addressed to `address`. Stops at the message that
/// ends the dump and where a lying length makes the rest unreadable.
[[nodiscard]] DatagramResult parse_inet_diag(
    std::span<const std::byte> datagram, NetlinkAddress address,
    const std::function<void(const TcpSocketInfo&)>& on_socket);

}  // namespace rtt::passive
