// A small TCP server inside a namespace: the peer that tests measure.
//
// One thread per connection, in real time if the system lets it, so that a measurement sees the
// link and not this process. Thread-safe. Errors are thrown (setup_error.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "support/netns.h"

namespace rtt::support {

class TcpService {
 public:
  /// Serves one connection and returns when it is over; the descriptor is closed afterwards.
  using Handler = std::function<void(int fd)>;

  TcpService(const Namespace& where, std::uint16_t port, Handler handler);
  /// Ends every connection.
  ~TcpService();
  TcpService(const TcpService&) = delete;
  TcpService& operator=(const TcpService&) = delete;

  /// Accepted so far.
  [[nodiscard]] std::uint64_t connections() const { return connections_; }

 private:
  struct Connection {
    base::UniqueFd fd;
    std::atomic<bool> done = false;
    std::thread thread;
  };

  void accept_all();
  void join_finished();

  Handler handler_;
  base::UniqueFd listener_;
  std::atomic<std::uint64_t> connections_ = 0;
  std::list<Connection> open_;
  std::thread acceptor_;  // last: starts when everything is there
};

/// Sends every byte back (RFC 862).
void echo(int fd);
/// Takes a number of bytes, 8 of them the number itself in network order, and answers with one byte
/// when all have come; again and again.
void sink(int fd);
/// Takes 8 bytes, a number in network order, and sends that many bytes; again and again.
void source(int fd);

/// The message that asks sink() or source() for `bytes`.
[[nodiscard]] std::string size_message(std::uint64_t bytes);

}  // namespace rtt::support
