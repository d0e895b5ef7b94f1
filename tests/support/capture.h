// tcpdump as the witness of a test: what was on the wire, with the kernel's time stamps.
//
// What its tap does with a packet that leaves happens between its stamp and the driver's: about a
// microsecond, several in cold caches, and again for every further capture of the device.
#pragma once

#include <string>
#include <vector>

#include "support/netns.h"
#include "support/pcap_file.h"
#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::support {

class Capture {
 public:
  /// Of TCP and ICMP to and from `host` (an IP literal). Listens when it returns. Errors are thrown.
  Capture(const Namespace& where, const std::string& device, const std::string& host);

  /// Ends the capture and reads it. Throws when tcpdump lost packets: then it is no witness.
  [[nodiscard]] std::vector<CapturedPacket> finish();

 private:
  void send_marker() const;

  const Namespace& where_;
  const std::string host_;
  TemporaryDirectory directory_;
  std::string file_;
  Process tcpdump_;
};

}  // namespace rtt::support
