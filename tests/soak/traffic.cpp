#include <sys/socket.h>

#include <deque>
#include <memory>

#include "base/random.h"
#include "soak/load.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::soak {
namespace {

using namespace std::chrono_literals;
using support::SetupError;

base::UniqueFd connected(const std::string& host, std::uint16_t port) {
  auto fd = support::connect_tcp(host, port, 30s);
  if (!fd) throw SetupError(fd.error().message);
  return std::move(*fd);
}

void exchange_on(int fd) {
  if (!support::exchange(fd, "ping")) throw SetupError("an exchange failed");
}

// On one connection, a new one every hundredth time.
std::function<void()> long_connection(const std::string& host) {
  return [host, connection = std::make_shared<base::UniqueFd>(), calls = 0]() mutable {
    if (calls++ % 100 == 0) *connection = connected(host, kEchoPort);
    exchange_on(connection->get());
  };
}

std::function<void()> bulk(const std::string& host) {
  constexpr std::size_t kBytes = std::size_t{1} << 20U;
  return [host, connection = std::make_shared<base::UniqueFd>(), calls = 0]() mutable {
    if (calls++ % 20 == 0) *connection = connected(host, kBulkPort);
    if (!support::send_all(connection->get(), support::size_message(kBytes)) ||
        !support::receive_exactly(connection->get(), kBytes)) {
      throw SetupError("a bulk transfer failed");
    }
  };
}

// Clients of the daemon's echo server that send and never read.
std::function<void()> hung_echo_clients() {
  return [clients = std::make_shared<std::deque<base::UniqueFd>>()] {
    base::UniqueFd client = connected("127.0.0.1", kEchoPort);
    const std::string bytes(std::size_t{256} << 10U, 'x');
    (void)send(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    clients->push_back(std::move(client));
    if (clients->size() > 20) clients->pop_front();
  };
}

std::function<void()> rubbish_datagrams() {
  return [] {
    const base::UniqueFd fd = support::udp_socket(0);
    const sockaddr_in6 to =
        support::mapped_address(*base::IpAddress::parse("127.0.0.1"), kEchoPort);
    const std::string bytes(base::random_u64() % 1500, static_cast<char>(base::random_u64()));
    (void)sendto(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&to), sizeof to);
  };
}

}  // namespace

std::vector<Activity> traffic(const Bed& bed) {
  const std::string far = bed.link.b4;
  return {{"connections", 5ms, [far] { exchange_on(connected(far, kEchoPort).get()); }},
          {"connections, IPv6", 10ms,
           [far = bed.link.b6] { exchange_on(connected(far, kEchoPort).get()); }},
          {"exchanges", 2ms, long_connection(far)},
          {"bulk, MiB", 50ms, bulk(far)},
          {"hung echo clients", 200ms, hung_echo_clients()},
          {"rubbish datagrams", 20ms, rubbish_datagrams()}};
}

}  // namespace rtt::soak
