// TCP connections opened and closed as fast as this machine can.
//
// Not thread-safe. Errors are thrown (setup_error.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "support/netns.h"

namespace rtt::support {

class ConnectionStorm {
 public:
  /// Listens on every address of the namespace; connections go to `address`, an IP literal of it.
  ConnectionStorm(const Namespace& where, std::string address, std::uint16_t port);
  ~ConnectionStorm();
  ConnectionStorm(const ConnectionStorm&) = delete;
  ConnectionStorm& operator=(const ConnectionStorm&) = delete;

  /// Makes so many connections, each accepted and then closed from both sides, without TIME_WAIT.
  /// The number per second that it reached.
  double run(int connections);

 private:
  void serve();
  void connect_some(std::atomic<int>& left) const;

  const Namespace& where_;
  const std::string address_;
  const std::uint16_t port_;
  base::UniqueFd listener_;
  std::vector<std::thread> servers_;
};

}  // namespace rtt::support
