#include "bench/tcp_info_connections.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

#include "base/ip_address.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::bench {
namespace {

constexpr std::size_t kMostPerHolder = 9000;
constexpr std::uint16_t kFirstPort = 7000;

// The same host in every network of /28 and shorter.
base::IpAddress host_of(const base::IpPrefix& network, std::size_t host) {
  auto bytes = network.address().bytes();
  bytes.back() = static_cast<std::uint8_t>(1 + host % 14);
  return base::IpAddress(bytes);
}

base::UniqueFd connect(const base::IpAddress& from, const base::SocketAddress& remote) {
  base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  const base::SocketAddress local(from, 0);
  if (!fd || ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0 ||
      ::bind(fd.get(), local.get(), local.length) != 0 ||
      ::connect(fd.get(), remote.get(), remote.length) != 0) {
    support::throw_errno("cannot connect");
  }
  return fd;
}

struct Part {
  std::uint16_t port;
  std::size_t first;
  std::size_t connections;
};

// Tells through the descriptor when all are there, and waits for its end.
void hold(const std::vector<base::IpPrefix>& networks, const Part& part, int fd) {
  const auto listener = support::listen_tcp(part.port);
  if (!listener) throw support::SetupError(listener.error().message);
  std::vector<base::UniqueFd> sockets;
  for (std::size_t i = part.first; i < part.first + part.connections; ++i) {
    const auto& from = networks[i % networks.size()];
    const auto& to = networks[(i + networks.size() / 2) % networks.size()];
    sockets.push_back(connect(host_of(from, i), {host_of(to, i), part.port}));
    sockets.emplace_back(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!sockets.back()) support::throw_errno("cannot accept");
    const bool exchanged = support::send_all(sockets[sockets.size() - 2].get(), "x") &&
                           support::receive_exactly(sockets.back().get(), 1);
    if (!exchanged) throw support::SetupError("a connection carries nothing");
  }
  (void)!::write(fd, "x", 1);
  char byte = 0;
  (void)!::read(fd, &byte, 1);
}

}  // namespace

std::vector<base::IpPrefix> loopback_networks(std::size_t count) {
  constexpr unsigned kLengths[] = {24, 24, 28, 22};
  std::vector<base::IpPrefix> networks;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    const in_addr address{htonl(0x7f100000U + (number << 10))};
    networks.emplace_back(base::IpAddress(address), 96 + kLengths[i % std::size(kLengths)]);
  }
  return networks;
}

Connections::~Connections() {
  for (Holder& holder : holders_) {
    holder.end.reset();
    ::waitpid(holder.pid, nullptr, 0);
  }
}

void Connections::grow_to(std::size_t sockets) {
  assert(sockets % 2 == 0 && sockets / 2 >= connections_);
  while (connections_ < sockets / 2) {
    const std::size_t more = std::min(sockets / 2 - connections_, kMostPerHolder);
    start_holder(connections_, more);
    connections_ += more;
  }
}

void Connections::start_holder(std::size_t first, std::size_t connections) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    support::throw_errno("socketpair");
  }
  base::UniqueFd ours(ends[0]);
  const pid_t pid = ::fork();
  if (pid < 0) support::throw_errno("fork");
  if (pid == 0) {
    // The ends of the other holders as well, or they would not see ours close.
    ours.reset();
    for (Holder& holder : holders_) holder.end.reset();
    try {
      where_.enter();
      const auto port = static_cast<std::uint16_t>(kFirstPort + holders_.size());
      hold(networks_, {port, first, connections}, ends[1]);
    } catch (const std::exception& error) {
      (void)!::write(STDERR_FILENO, error.what(), std::char_traits<char>::length(error.what()));
    }
    ::_exit(0);
  }
  base::UniqueFd theirs(ends[1]);
  theirs.reset();
  holders_.push_back({pid, std::move(ours)});
  char byte = 0;
  if (::read(holders_.back().end.get(), &byte, 1) != 1) {
    throw support::SetupError("a process that holds connections has ended");
  }
}

}  // namespace rtt::bench
