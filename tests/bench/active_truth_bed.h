// Two hosts on a veth pair, and what tcpdump says of each exchange between them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "integration/icmp_responder.h"
#include "support/capture.h"
#include "support/netns.h"
#include "support/pcap_file.h"
#include "support/tcp_service.h"

namespace rtt::bench {

inline constexpr std::uint16_t kEchoPort = 7;

class Bed {
 public:
  /// The far host answers after `delay`; 0: as soon as it can, to ICMP the kernel does it.
  explicit Bed(base::nanoseconds delay);

  [[nodiscard]] const support::Namespace& near() const { return near_; }
  [[nodiscard]] const std::string& peer() const { return link_.b4; }
  /// tcpdump at the near end.
  [[nodiscard]] support::Capture capture() const { return {near_, kDevice, peer()}; }

 private:
  static constexpr const char* kDevice = "veth0";

  support::Namespace near_;
  support::Namespace far_;
  support::LinkAddresses link_ = support::connect_by_veth(near_, far_, kDevice);
  support::TcpService echo_;
  std::unique_ptr<probers::icmp::Responder> responder_;
};

/// What a method sends, and what ends its round trip.
enum class Exchange { kEcho, kHandshake, kMessage };

/// One round trip as tcpdump saw it at the near end.
struct Truth {
  base::nanoseconds sent;  // CLOCK_REALTIME
  base::nanoseconds rtt;
};

/// Precondition: never two exchanges at the same time.
[[nodiscard]] std::vector<Truth> exchanges(const std::vector<support::CapturedPacket>& packets,
                                           Exchange kind, const std::string& peer);

}  // namespace rtt::bench
