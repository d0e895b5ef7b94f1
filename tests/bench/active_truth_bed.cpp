#include "bench/active_truth_bed.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::CapturedPacket;
using support::IpPacket;
using support::SetupError;

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

// Not in "immediate mode", which would wake tcpdump in the middle of every exchange.
Witness::Witness(const Bed& bed)
    : bed_(bed),
      file_(directory_.path() + "/capture.pcap"),
      tcpdump_({"tcpdump", "-i", "veth0", "-n", "-U", "-Z", "root", "-s", "128",
                "--time-stamp-precision=nano", "-w", file_, "icmp or tcp or udp"},
               {.where = &bed.near()}) {
  if (!tcpdump_.wait_for_text("listening on", 10s)) {
    throw SetupError("tcpdump does not listen: " + tcpdump_.errors());
  }
}

std::vector<CapturedPacket> Witness::captured() const {
  auto packets = support::read_pcap(support::read_file(file_));
  return packets ? *std::move(packets) : std::vector<CapturedPacket>();
}

std::vector<CapturedPacket> Witness::finish() {
  // Packets reach tcpdump in blocks; a last one, of a kind that nobody else sends, pushes out those
  // before it.
  bed_.near().run([this] {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const base::SocketAddress discard(*base::IpAddress::parse(bed_.peer()), 9);
    if (!fd || ::sendto(fd.get(), "", 0, 0, discard.get(), discard.length) != 0) {
      support::throw_errno("sendto");
    }
  });
  std::vector<CapturedPacket> packets;
  const auto complete = [&] {
    packets = captured();
    return std::ranges::any_of(
        packets, [](const auto& captured) { return captured.packet.protocol == IPPROTO_UDP; });
  };
  if (!support::wait_until([&] { return complete() || !tcpdump_.running(); }, 10s, 50ms)) {
    throw SetupError("tcpdump does not see the end of the traffic: " + tcpdump_.errors());
  }
  tcpdump_.signal(SIGINT);
  if (!tcpdump_.wait(10s) ||
      tcpdump_.errors().find("\n0 packets dropped by kernel") == std::string::npos) {
    throw SetupError("tcpdump lost packets: " + tcpdump_.errors());
  }
  return packets;
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
