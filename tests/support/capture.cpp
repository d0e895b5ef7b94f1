#include "support/capture.h"

#include <signal.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/ip_address.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::support {

using namespace std::chrono_literals;

namespace {

// RFC 863: nobody answers.
constexpr std::uint16_t kMarkerPort = 9;

bool is_marker(const CapturedPacket& captured) { return captured.packet.protocol == IPPROTO_UDP; }

}  // namespace

// Not in "immediate mode", which wakes tcpdump for every packet, in the middle of what is measured.
// 160 bytes hold every header of a TCP segment; -Z: the file is in a directory of ours.
Capture::Capture(const Namespace& where, const std::string& device, const std::string& host)
    : where_(where),
      host_(host),
      file_(directory_.path() + "/capture.pcap"),
      tcpdump_({"tcpdump", "-i", device, "-n", "-U", "-Z", "root", "-s", "160", "-B", "65536",
                "--time-stamp-precision=nano", "-w", file_,
                "host " + host + " and (tcp or icmp or icmp6 or udp port " +
                    std::to_string(kMarkerPort) + ")"},
               {.where = &where}) {
  if (!tcpdump_.wait_for_text("listening on", 10s)) {
    throw SetupError("tcpdump does not listen: " + tcpdump_.errors());
  }
}

void Capture::send_marker() const {
  where_.run([&] {
    const auto address = base::IpAddress::parse(host_);
    if (!address) throw SetupError(host_ + " is not an IP address");
    const base::SocketAddress to(*address, kMarkerPort);
    const base::UniqueFd fd(::socket(address->family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd || ::sendto(fd.get(), "", 0, 0, to.get(), to.length) != 0) throw_errno("sendto");
  });
}

std::vector<CapturedPacket> Capture::finish() {
  // Packets reach tcpdump in blocks: when the marker has, all before it have.
  send_marker();
  const auto ended = [&] {
    const auto packets = read_pcap(read_file(file_));
    return packets.ok() && std::ranges::any_of(*packets, is_marker);
  };
  if (!wait_until(ended, 10s, 50ms)) {
    throw SetupError("tcpdump does not see the end of the traffic: " + tcpdump_.errors());
  }
  tcpdump_.signal(SIGINT);
  if (!tcpdump_.wait(10s)) throw SetupError("tcpdump does not end");
  if (tcpdump_.errors().find("\n0 packets dropped by kernel") == std::string::npos) {
    throw SetupError("tcpdump lost packets: " + tcpdump_.errors());
  }
  auto packets = read_pcap(read_file(file_));
  if (!packets) throw SetupError(file_ + ": " + packets.error().message);
  return std::move(*packets);
}

}  // namespace rtt::support
