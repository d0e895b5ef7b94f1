#include "support/ack_rtt.h"

#include <netinet/tcp.h>

#include <map>
#include <tuple>

#include "support/sent_segments.h"

namespace rtt::support {
namespace {

struct Connection {
  SentSegments segments;
  bool closing = false;
};

void on_sent(Connection& connection, const CapturedPacket& captured) {
  const IpPacket& packet = captured.packet;
  if ((packet.tcp_flags & TH_SYN) != 0) {
    connection = Connection();
    connection.segments.start(packet.sequence + 1);
    return;
  }
  if (packet.payload_bytes > 0) {
    connection.segments.sent(packet.sequence, packet.payload_bytes, captured.time);
  }
  if ((packet.tcp_flags & (TH_FIN | TH_RST)) != 0) connection.closing = true;
}

std::optional<base::nanoseconds> on_received(Connection& connection,
                                             const CapturedPacket& captured) {
  const IpPacket& packet = captured.packet;
  std::optional<base::nanoseconds> sent;
  if ((packet.tcp_flags & TH_ACK) != 0 && (packet.tcp_flags & (TH_SYN | TH_RST)) == 0) {
    sent = connection.segments.acknowledged(packet.acknowledgment);
    for (std::size_t i = 0; i < packet.sack_count; ++i) {
      connection.segments.sacked(packet.sack[i].left, packet.sack[i].right);
    }
  }
  if (connection.closing) sent.reset();
  if ((packet.tcp_flags & (TH_FIN | TH_RST)) != 0) connection.closing = true;
  return sent;
}

}  // namespace

std::vector<AckRtt> ack_rtts(const std::vector<CapturedPacket>& capture,
                             const base::IpAddress& local) {
  std::map<std::tuple<std::uint16_t, base::IpAddress, std::uint16_t>, Connection> connections;
  std::vector<AckRtt> samples;
  for (const CapturedPacket& captured : capture) {
    const IpPacket& packet = captured.packet;
    if (!packet.is_tcp()) continue;
    if (packet.source == local) {
      on_sent(connections[{packet.source_port, packet.destination, packet.destination_port}],
              captured);
    } else if (packet.destination == local) {
      Connection& connection =
          connections[{packet.destination_port, packet.source, packet.source_port}];
      const auto sent = on_received(connection, captured);
      if (!sent) continue;
      samples.push_back({.rtt = captured.time - *sent,
                         .time = captured.time,
                         .local_port = packet.destination_port,
                         .remote_port = packet.source_port});
    }
  }
  return samples;
}

}  // namespace rtt::support
