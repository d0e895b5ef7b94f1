#include "support/connection_storm.h"

#include <sys/socket.h>

#include <chrono>
#include <future>

#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::support {
namespace {

// More than CPUs, because each waits for the other side; fewer than the listener's backlog, so that
// no SYN is dropped and sent again.
constexpr int kClients = 8;
constexpr int kServers = 4;

}  // namespace

ConnectionStorm::ConnectionStorm(const Namespace& where, std::string address, std::uint16_t port)
    : where_(where), address_(std::move(address)), port_(port) {
  auto listener = where.run([port] { return listen_tcp(port); });
  if (!listener) throw SetupError(listener.error().message);
  listener_ = std::move(*listener);
  for (int i = 0; i < kServers; ++i) servers_.emplace_back([this] { serve(); });
}

ConnectionStorm::~ConnectionStorm() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  for (std::thread& server : servers_) server.join();
}

// Waits for the client to close, so that the end is the client's reset.
void ConnectionStorm::serve() {
  for (;;) {
    const base::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    char byte = 'x';
    if (::send(fd.get(), &byte, 1, MSG_NOSIGNAL) == 1) (void)!::recv(fd.get(), &byte, 1, 0);
  }
}

// The byte says that the connection is accepted: a reset before would take it out of the backlog.
void ConnectionStorm::connect_some(std::atomic<int>& left) const {
  const linger no_time_wait{.l_onoff = 1, .l_linger = 0};
  while (left-- > 0) {
    const auto fd = connect_tcp(address_, port_);
    if (!fd) throw SetupError(fd.error().message);
    if (!receive_exactly(fd->get(), 1)) throw SetupError("a connection of the storm is not served");
    ::setsockopt(fd->get(), SOL_SOCKET, SO_LINGER, &no_time_wait, sizeof no_time_wait);
  }
}

double ConnectionStorm::run(int connections) {
  std::atomic<int> left = connections;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::future<void>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(
        std::async(std::launch::async, [&] { where_.run([&] { connect_some(left); }); }));
  }
  for (auto& client : clients) client.get();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return connections / time.count();
}

}  // namespace rtt::support
