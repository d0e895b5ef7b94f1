// The other end of udp_echo: answers a datagram with itself (RFC 862), if udp_policy.h lets it.
//
// Holds nothing between two calls of the loop. Bounded for strangers: a fixed number of datagrams
// per turn of the loop, then other work has its turn.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/event_loop.h"
#include "base/listen_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "echo_server/datagram_batch.h"
#include "echo_server/repeat_guard.h"
#include "echo_server/udp_policy.h"

namespace rtt::echo_server {

/// What was not answered since the last call, by Refusal.
using RefusalCounts = std::array<std::uint64_t, kRefusalCount>;

/// One socket. Lives on the loop it is created with.
class UdpService {
 public:
  using OnRefused = std::function<void(const RefusalCounts&)>;

  /// A socket for a service. `address`: with a port other than 0. `family`: AF_INET or AF_INET6,
  /// that of the address if it has one. Error: the address and why it cannot be bound.
  [[nodiscard]] static base::Result<base::UniqueFd> bind(const base::ListenAddress& address,
                                                         int family);

  /// `socket`: of bind(), on this port. `batch` (memory for the time of a callback) and `guard` may
  /// be shared by the services of a loop and must outlive them.
  UdpService(base::EventLoop& loop, base::UniqueFd socket, std::uint16_t port, DatagramBatch& batch,
             RepeatGuard& guard, OnRefused on_refused);
  UdpService(const UdpService&) = delete;
  UdpService& operator=(const UdpService&) = delete;

 private:
  void on_readable();
  /// Of one that was received: answers it, or says why not.
  [[nodiscard]] std::optional<Refusal> consider(std::size_t index, base::TimePoint now,
                                                RefusalCounts& counts);

  base::UniqueFd socket_;
  const std::uint16_t port_;
  DatagramBatch& batch_;
  RepeatGuard& guard_;
  OnRefused on_refused_;
  std::uint32_t overflows_ = 0;  // of the socket, as the kernel last said
  base::FdWatch watch_;
};

}  // namespace rtt::echo_server
