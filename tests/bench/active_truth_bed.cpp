#include "bench/active_truth_bed.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::CapturedPacket;
using support::IpPacket;

support::TcpService::Handler echo_after(base::nanoseconds delay) {
  if (delay == 0ns) return support::echo;
  return [delay](int fd) {
    char bytes[4096];
    for (ssize_t count; (count = ::recv(fd, bytes, sizeof bytes, 0)) > 0;) {
      std::this_thread::sleep_for(delay);
      if (::send(fd, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL) != count) return;
    }
  };
}

bool begins(Exchange kind, const IpPacket& packet) {
  switch (kind) {
    case Exchange::kEcho:
      return packet.is_echo_request();
    case Exchange::kHandshake:
      return packet.is_tcp() && (packet.tcp_flags & (TH_SYN | TH_ACK)) == TH_SYN;
    case Exchange::kMessage:
      return packet.is_tcp() && packet.payload_bytes > 0;
  }
  return false;
}

bool ends(Exchange kind, const IpPacket& packet) {
  switch (kind) {
    case Exchange::kEcho:
      return packet.is_echo_reply();
    case Exchange::kHandshake:
      return packet.is_tcp() && (packet.tcp_flags & (TH_SYN | TH_ACK)) == (TH_SYN | TH_ACK);
    case Exchange::kMessage:
      return packet.is_tcp() && packet.payload_bytes > 0;
  }
  return false;
}

}  // namespace

Bed::Bed(base::nanoseconds delay) : echo_(far_, kEchoPort, echo_after(delay)) {
  if (delay == 0ns) return;
  using probers::icmp::Responder;
  using probers::icmp::SeenRequest;
  responder_ = std::make_unique<Responder>(far_, AF_INET,
                                           [delay](Responder& self, const SeenRequest& request) {
                                             std::this_thread::sleep_for(delay);
                                             self.send(request, self.reply_to(request));
                                           });
}

std::vector<Truth> exchanges(const std::vector<CapturedPacket>& packets, Exchange kind,
                             const std::string& peer) {
  const auto far = base::IpAddress::parse(peer);
  std::vector<Truth> found;
  bool under_way = false;
  base::nanoseconds sent{};
  for (const auto& [time, packet] : packets) {
    if (packet.destination == far && begins(kind, packet)) {
      sent = time;
      under_way = true;
    } else if (under_way && packet.source == far && ends(kind, packet)) {
      found.push_back({.sent = sent, .rtt = time - sent});
      under_way = false;
    }
  }
  return found;
}

}  // namespace rtt::bench
