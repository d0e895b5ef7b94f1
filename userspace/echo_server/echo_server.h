// The other end of tcp_echo and udp_echo: answers every byte (TCP) and every datagram (UDP) with
// itself (RFC 862), on the same addresses.
//
// Lives on the loop it is created with. Bounded for strangers: connections, memory per connection
// (what a client does not read is not read from it either), idle time; of datagrams what
// udp_policy.h answers.
#pragma once

#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "base/listen_address.h"
#include "echo_server/bound_sockets.h"
#include "metrics/exporter_metrics.h"

namespace rtt::echo_server {

struct Limits {
  std::size_t max_connections = 4096;  // further ones are closed at once and counted
  base::nanoseconds idle_timeout = std::chrono::minutes(5);
};

class EchoServer {
 public:
  /// `loop` and `metrics` must outlive it.
  [[nodiscard]] static std::unique_ptr<EchoServer> create(base::EventLoop& loop,
                                                          metrics::ExporterMetrics& metrics,
                                                          std::vector<BoundSockets> sockets,
                                                          Limits limits = {});
  ~EchoServer();

  /// As bound: a port 0 replaced by the kernel's choice.
  [[nodiscard]] std::vector<base::ListenAddress> addresses() const;

 private:
  struct Impl;
  explicit EchoServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::echo_server
