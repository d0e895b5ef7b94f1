#include "bench/bounds_traffic.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/ip_address.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::bench {
namespace {

constexpr std::uint16_t kPort = 7000;

// Nothing of it stays: TIME_WAIT would be a million sockets of the kernel's.
void reset_on_close(const base::UniqueFd& socket) {
  const linger now{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

ManyClients::ManyClients() {
  auto listener = support::listen_tcp(kPort);
  if (!listener) throw support::SetupError(listener.error().message);
  listener_ = std::move(*listener);
}

void ManyClients::connect_until(std::uint32_t addresses) {
  while (used_ < addresses) connect_from(used_++);
}

void ManyClients::connect_from(std::uint32_t number) const {
  const base::SocketAddress local(base::IpAddress(in_addr{htonl(0x0a000001U + number * 16)}), 0);
  const base::SocketAddress remote(base::IpAddress(in_addr{htonl(INADDR_LOOPBACK)}), kPort);
  const base::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!client || ::bind(client.get(), local.get(), local.length) != 0 ||
      ::connect(client.get(), remote.get(), remote.length) != 0) {
    support::throw_errno("cannot connect");
  }
  const base::UniqueFd server(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!server) support::throw_errno("cannot accept");
  reset_on_close(client);
  reset_on_close(server);
  const bool exchanged =
      support::send_all(server.get(), "x") && support::receive_exactly(client.get(), 1) &&
      support::send_all(client.get(), "x") && support::receive_exactly(server.get(), 1);
  if (!exchanged) throw support::SetupError("a connection carries nothing");
}

}  // namespace rtt::bench
