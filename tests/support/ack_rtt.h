// The ground truth for the method "tcp_probe", computed from a capture at one host.
//
// A sample is the time from the sending of the newest segment that an ACK newly covers to the
// arrival of that ACK. Left out are segments that were retransmitted (Karn's rule, RFC 6298 3), also
// where the capture has the retransmission after the ACK, which then waited while the host sent
// again, and those that had been SACKed before. A super-packet of segmentation offload is one
// sending; an ACK that covers a part of it counts. Nothing is sampled outside of the state
// ESTABLISHED: for the handshake, from the host's own FIN on, and after the other's FIN.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip_address.h"
#include "support/pcap_file.h"

namespace rtt::support {

struct AckRtt {
  base::nanoseconds rtt;
  base::nanoseconds time;  // of the ACK
  std::uint16_t local_port;
  std::uint16_t remote_port;
};

/// For what `local` sent; in the order of the ACKs.
[[nodiscard]] std::vector<AckRtt> ack_rtts(const std::vector<CapturedPacket>& capture,
                                           const base::IpAddress& local);

}  // namespace rtt::support
