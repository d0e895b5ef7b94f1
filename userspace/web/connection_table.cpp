#include "web/connection_table.h"

#include <sys/socket.h>

#include <iterator>

namespace rtt::web {

ConnectionTable::Handle ConnectionTable::opened(int fd) {
  const std::lock_guard lock(mutex_);
  const Handle connection = connections_.insert(connections_.end(), Connection{.fd = fd});
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
}

void ConnectionTable::move_locked(Handle connection, Connection::Doing doing, std::size_t bytes) {
  if (!connection->ended) {
    live_response_bytes_ -= connection->response_bytes;
    live_response_bytes_ += bytes;
  }
  connection->response_bytes = bytes;
  connection->doing = doing;
  connections_.splice(connections_.end(), connections_, connection);
}

void ConnectionTable::make_room_locked(Handle newest) {
  for (auto oldest = connections_.begin(); oldest != connections_.end(); ++oldest) {
    const bool crowded = live_ > limits_.connections;
    const bool full = live_response_bytes_ > limits_.response_bytes;
    if (!crowded && !full) return;
    if (oldest == newest || oldest->ended || oldest->doing == Connection::Doing::kWorking) continue;
    if (crowded || oldest->response_bytes > 0) end_locked(*oldest);
  }
}

// The thread that serves the connection sees the end of it, and closes the descriptor.
void ConnectionTable::end_locked(Connection& connection) {
  connection.ended = true;
  --live_;
  live_response_bytes_ -= connection.response_bytes;
  shutdown(connection.fd, SHUT_RDWR);
}

}  // namespace rtt::web
