// Reader of captures in the classic pcap format (draft-ietf-opsawg-pcap), as tcpdump writes them.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "support/ip_packet.h"

namespace rtt::support {

struct CapturedPacket {
  base::nanoseconds time;  // of the system clock
  IpPacket packet;
};

/// The IP packets of a capture, in the order of the file: that in which the host processed them, while
/// the times of received ones are from before they were queued. Both byte orders, microseconds and
/// nanoseconds; Ethernet, raw IP and Linux cooked v1 and v2 links. A record that ends early at the
/// end of the file is left out. Error: another format.
[[nodiscard]] base::Result<std::vector<CapturedPacket>> read_pcap(std::string_view file);

}  // namespace rtt::support
