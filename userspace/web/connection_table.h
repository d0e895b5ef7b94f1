// Keeps hung clients from using up descriptors and memory.
//
// Past a limit a connection that has waited long, for its next request or for its client to read,
// is ended to make room, so that a new client is always served at once, however many others hang.
// Where there are too many connections it is one of the client that has the most. A request that
// is not complete, and an answer that is not read, in its time ends its connection. A connection
// whose request is being worked on is left alone. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "base/ip_address.h"

namespace rtt::web {

class ConnectionTable {
 public:
  struct Limits {
    std::size_t connections;
    std::size_t response_bytes;  // of answers that are being sent; the newest is always allowed
    // From the first byte of a request to its end; the first one of a connection from its begin, so
    // a TLS handshake counts in.
    base::nanoseconds request_time;
    base::nanoseconds answer_time;  // to read an answer
  };
  struct Connection {
    int fd;
    base::IpAddress client;
    enum class Doing { kWaiting, kWorking, kSending } doing = Doing::kWaiting;
    base::TimePoint since;       // when it began what it is doing
    bool has_begun = true;       // kWaiting: a request; seen by its bytes
    std::uint64_t received = 0;  // bytes, when it began to wait
    std::size_t response_bytes = 0;
    bool ended = false;
  };
  using Handle = std::list<Connection>::iterator;

  explicit ConnectionTable(Limits limits) : limits_(limits) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  /// `fd` is not owned and must stay open until closed().
  [[nodiscard]] Handle opened(int fd, const base::IpAddress& client);
  void closed(Handle connection);
  /// A request is complete and being worked on.
  void working(Handle connection);
  /// Its answer is on the way.
  void sending(Handle connection, std::size_t bytes);
  /// The answer is out, or given up.
  void waiting(Handle connection);

  /// Ends the connections whose time is over.
  void end_overdue(base::TimePoint now);
  /// Does that again and again, while there are connections.
  void watch(const std::stop_token& stop);

 private:
  void move_locked(Handle connection, Connection::Doing doing, std::size_t bytes);
  void make_room_locked(Handle newest);
  [[nodiscard]] Handle longest_waiting_of_busiest_locked(Handle newest);
  [[nodiscard]] bool is_overdue_locked(Connection& connection, base::TimePoint now) const;
  void end_locked(Connection& connection);

  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable_any first_opened_;
  std::list<Connection> connections_;  // by when they began what they are doing
  std::size_t live_ = 0;               // without those ended and not yet closed
  std::size_t live_response_bytes_ = 0;
};

}  // namespace rtt::web
