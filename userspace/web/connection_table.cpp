#include "web/connection_table.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace rtt::web {
namespace {

// Whoever has one IPv6 address has all those of its network.
base::IpAddress owner_of(const base::IpAddress& client) {
  if (client.is_v4()) return client;
  base::IpAddress::Bytes bytes = client.bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return base::IpAddress(bytes);
}

// 0 when the kernel does not say.
std::uint64_t received_bytes(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received;
}

bool may_end(const ConnectionTable::Connection& connection) {
  return !connection.ended && connection.doing != ConnectionTable::Connection::Doing::kWorking;
}

}  // namespace

ConnectionTable::Handle ConnectionTable::opened(int fd, const base::IpAddress& client) {
  const std::lock_guard lock(mutex_);
  if (connections_.empty()) first_opened_.notify_one();
  const Handle connection = connections_.insert(
      connections_.end(),
      Connection{.fd = fd, .client = owner_of(client), .since = base::Clock::now()});
  ++live_;
  make_room_locked(connection);
  return connection;
}

void ConnectionTable::closed(Handle connection) {
  const std::lock_guard lock(mutex_);
  if (!connection->ended) {
    --live_;
    live_response_bytes_ -= connection->response_bytes;
  }
  connections_.erase(connection);
}

void ConnectionTable::working(Handle connection) {
  const std::lock_guard lock(mutex_);
  move_locked(connection, Connection::Doing::kWorking, 0);
}

void ConnectionTable::sending(Handle connection, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  move_locked(connection, Connection::Doing::kSending, bytes);
  make_room_locked(connection);
}

void ConnectionTable::waiting(Handle connection) {
  const std::lock_guard lock(mutex_);
  move_locked(connection, Connection::Doing::kWaiting, 0);
  connection->has_begun = false;
  connection->received = received_bytes(connection->fd);
}

void ConnectionTable::end_overdue(base::TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) {
    if (!connection.ended && is_overdue_locked(connection, now)) end_locked(connection);
  }
}

void ConnectionTable::watch(const std::stop_token& stop) {
  const base::nanoseconds pause = std::min(limits_.request_time, limits_.answer_time) / 4;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    first_opened_.wait(lock, stop, [this] { return !connections_.empty(); });
    first_opened_.wait_for(lock, stop, pause, [] { return false; });
    lock.unlock();
    end_overdue(base::Clock::now());
    lock.lock();
  }
}

bool ConnectionTable::is_overdue_locked(Connection& connection, base::TimePoint now) const {
  switch (connection.doing) {
    case Connection::Doing::kWorking:
      return false;
    case Connection::Doing::kSending:
      return now - connection.since > limits_.answer_time;
    case Connection::Doing::kWaiting:
      break;
  }
  if (!connection.has_begun) {
    if (received_bytes(connection.fd) == connection.received) return false;
    connection.has_begun = true;
    connection.since = now;
  }
  return now - connection.since > limits_.request_time;
}

void ConnectionTable::move_locked(Handle connection, Connection::Doing doing, std::size_t bytes) {
  if (!connection->ended) {
    live_response_bytes_ -= connection->response_bytes;
    live_response_bytes_ += bytes;
  }
  connection->response_bytes = bytes;
  connection->doing = doing;
  connection->since = base::Clock::now();
  connections_.splice(connections_.end(), connections_, connection);
}

void ConnectionTable::make_room_locked(Handle newest) {
  while (live_ > limits_.connections) {
    const Handle surplus = longest_waiting_of_busiest_locked(newest);
    if (surplus == connections_.end()) break;
    end_locked(*surplus);
  }
  for (auto oldest = connections_.begin(); oldest != connections_.end(); ++oldest) {
    if (live_response_bytes_ <= limits_.response_bytes) break;
    if (oldest != newest && oldest->response_bytes > 0 && may_end(*oldest)) end_locked(*oldest);
  }
}

ConnectionTable::Handle ConnectionTable::longest_waiting_of_busiest_locked(Handle newest) {
  std::map<base::IpAddress, std::size_t> counts;
  std::size_t most = 0;
  for (auto connection = connections_.begin(); connection != connections_.end(); ++connection) {
    if (connection == newest || !may_end(*connection)) continue;
    most = std::max(most, ++counts[connection->client]);
  }
  for (auto connection = connections_.begin(); connection != connections_.end(); ++connection) {
    if (connection == newest || !may_end(*connection)) continue;
    if (counts[connection->client] == most) return connection;
  }
  return connections_.end();
}

// The thread that serves the connection sees the end of it, and closes the descriptor.
void ConnectionTable::end_locked(Connection& connection) {
  connection.ended = true;
  --live_;
  live_response_bytes_ -= connection.response_bytes;
  shutdown(connection.fd, SHUT_RDWR);
}

}  // namespace rtt::web
