// A small UDP server inside a namespace: the peer that tests measure.
//
// One thread, in real time if the system lets it, so that a measurement sees the link and not this
// process. Serves IPv4 and IPv6. Thread-safe. Errors are thrown (setup_error.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "support/netns.h"

namespace rtt::support {

class UdpService {
 public:
  using Bytes = std::vector<std::uint8_t>;

  struct Request {
    Bytes bytes;
    base::IpAddress source;
    std::uint16_t source_port = 0;
  };
  /// Called on the service's thread.
  using Handler = std::function<void(UdpService&, const Request&)>;

  UdpService(const Namespace& where, std::uint16_t port, Handler handler);
  ~UdpService();
  UdpService(const UdpService&) = delete;
  UdpService& operator=(const UdpService&) = delete;

  /// From the service's socket, or from another one of IPv6 that serves IPv4 as well.
  void send(const Request& to, const Bytes& bytes, int fd = -1) const;
  /// Those so far.
  [[nodiscard]] std::vector<Request> seen() const;
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  void serve();

  Handler handler_;
  base::UniqueFd socket_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<Request> seen_;
  std::thread thread_;  // last: starts when everything is there
};

/// Sends every datagram back (RFC 862).
void echo_datagram(UdpService& service, const UdpService::Request& request);

/// A socket of the calling thread's namespace for IPv4 and IPv6, bound to this port (0: any) of
/// every address or of one; both may be bound at a time.
[[nodiscard]] base::UniqueFd udp_socket(std::uint16_t port, const base::IpAddress& address = {});

/// The address as sockets of both families take it.
[[nodiscard]] sockaddr_in6 mapped_address(const base::IpAddress& address, std::uint16_t port);

}  // namespace rtt::support
