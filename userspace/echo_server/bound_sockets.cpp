#include "echo_server/bound_sockets.h"

#include <utility>

#include "echo_server/udp_service.h"

namespace rtt::echo_server {
namespace {

constexpr int kPortChoices = 8;

base::Result<std::vector<base::UniqueFd>> open_udp(const base::ListenAddress& address) {
  std::vector<base::UniqueFd> sockets;
  for (const int family : Listener::families(address)) {
    auto socket = UdpService::bind(address, family);
    if (!socket) return socket.error();
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

}  // namespace

base::Result<BoundSockets> BoundSockets::open(const base::ListenAddress& address) {
  for (int choice = 0;; ++choice) {
    auto listener = Listener::open(address);
    if (!listener) return listener.error();
    auto udp = open_udp(listener->address);
    if (udp) return BoundSockets{*std::move(listener), *std::move(udp)};
    // A port that the kernel chose may be free for TCP only.
    if (address.port != 0 || choice == kPortChoices) return udp.error();
  }
}

base::Result<std::vector<BoundSockets>> BoundSockets::open(
    std::span<const base::ListenAddress> addresses) {
  std::vector<BoundSockets> result;
  for (const base::ListenAddress& address : addresses) {
    auto sockets = open(address);
    if (!sockets) return sockets.error();
    result.push_back(*std::move(sockets));
  }
  return result;
}

}  // namespace rtt::echo_server
