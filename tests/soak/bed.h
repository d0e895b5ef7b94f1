// The network of a soak, and the daemon in it: two hosts, everything that a peer can be, and configurations.
//
// Errors are thrown (support/setup_error.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/nginx.h"
#include "support/daemon.h"
#include "support/dns_server.h"
#include "support/netns.h"
#include "support/tcp_service.h"
#include "support/temporary_directory.h"
#include "support/udp_service.h"

namespace rtt::soak {

/// Ports of `there`.
inline constexpr std::uint16_t kEchoPort = 10007;
inline constexpr std::uint16_t kBulkPort = 19;   // support::source
inline constexpr std::uint16_t kHungPort = 999;  // of `here`: takes everything and answers nothing

class Bed {
 public:
  Bed();

  /// Only the targets that every configuration has: what the daemon needs when nothing is going on.
  [[nodiscard]] std::string rest_config() const;
  /// Those, with names, files and unreachable peers. Each number is another set of further peers.
  [[nodiscard]] std::string full_config(unsigned number) const;
  /// One that must be refused.
  [[nodiscard]] static std::string bad_config(unsigned number);
  /// Of targets that every configuration has.
  [[nodiscard]] static bool lives_on(const support::Sample& sample);

  /// Another content for the file_sd file: other peers, a mistake, or no file.
  void change_files(unsigned number) const;
  /// Other addresses, or another failure, for the names.
  void change_names(unsigned number) const;

  support::Namespace here;
  support::Namespace there;
  support::LinkAddresses link;

 private:
  support::TemporaryDirectory files_;
  std::unique_ptr<support::DnsServer> dns_;
  support::TcpService echo_;
  support::TcpService bulk_;
  support::TcpService hung_;
  support::UdpService datagrams_;
  integration::Nginx web_;

 public:
  support::Daemon daemon;  // needs the rest
};

}  // namespace rtt::soak
