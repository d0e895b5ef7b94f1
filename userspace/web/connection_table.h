// Keeps hung clients from using up descriptors and memory.
//
// Past a limit the connection that has waited longest, for its next request or for its client to
// read, is ended to make room, so that a new client is always served at once, however many others
// hang. A connection whose request is being worked on is left alone. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>

namespace rtt::web {

class ConnectionTable {
 public:
  struct Limits {
    std::size_t connections;
    std::size_t response_bytes;  // of answers that are being sent; the newest is always allowed
  };
  struct Connection {
    int fd;
    enum class Doing { kWaiting, kWorking, kSending } doing = Doing::kWaiting;
    std::size_t response_bytes = 0;
    bool ended = false;
  };
  using Handle = std::list<Connection>::iterator;

  explicit ConnectionTable(Limits limits) : limits_(limits) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  /// `fd` is not owned and must stay open until closed().
  [[nodiscard]] Handle opened(int fd);
  void closed(Handle connection);
  /// A request is complete and being worked on.
  void working(Handle connection);
  /// Its answer is on the way.
  void sending(Handle connection, std::size_t bytes);
  /// The answer is out, or given up.
  void waiting(Handle connection);

 private:
  void move_locked(Handle connection, Connection::Doing doing, std::size_t bytes);
  void make_room_locked(Handle newest);
  void end_locked(Connection& connection);

  const Limits limits_;
  std::mutex mutex_;
  std::list<Connection> connections_;  // by when they began what they are doing
  std::size_t live_ = 0;               // without those ended and not yet closed
  std::size_t live_response_bytes_ = 0;
};

}  // namespace rtt::web
