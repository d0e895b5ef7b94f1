#include "support/ack_rtt.h"

#include <netinet/tcp.h>

#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "support/sent_segments.h"

namespace rtt::support {
namespace {

struct Connection {
  SentSegments segments;
  bool closing = false;
  std::optional<std::size_t> last_sample;  // its place among all
};

/// False: what was acknowledged last was sent once more.
bool on_sent(Connection& connection, const CapturedPacket& captured) {
  const IpPacket& packet = captured.packet;
  if ((packet.tcp_flags & TH_SYN) != 0) {
    connection = Connection();
    connection.segments.start(packet.sequence + 1);
    return true;
  }
  if ((packet.tcp_flags & (TH_FIN | TH_RST)) != 0) connection.closing = true;
  return packet.payload_bytes == 0 ||
         connection.segments.sent(packet.sequence, packet.payload_bytes, captured.time);
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
  std::set<std::size_t> retransmitted;
  for (const CapturedPacket& captured : capture) {
    const IpPacket& packet = captured.packet;
    if (!packet.is_tcp()) continue;
    if (packet.source == local) {
      Connection& connection =
          connections[{packet.source_port, packet.destination, packet.destination_port}];
      if (!on_sent(connection, captured) && connection.last_sample) {
        retransmitted.insert(*connection.last_sample);
      }
    } else if (packet.destination == local) {
      Connection& connection =
          connections[{packet.destination_port, packet.source, packet.source_port}];
      const auto sent = on_received(connection, captured);
      if (!sent) continue;
      connection.last_sample = samples.size();
      samples.push_back({.rtt = captured.time - *sent,
                         .time = captured.time,
                         .local_port = packet.destination_port,
                         .remote_port = packet.source_port});
    }
  }
  for (auto place = retransmitted.rbegin(); place != retransmitted.rend(); ++place) {
    samples.erase(samples.begin() + static_cast<std::ptrdiff_t>(*place));
  }
  return samples;
}

}  // namespace rtt::support
