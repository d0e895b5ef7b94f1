// One source port of a prober: a connection that is made again when it ends.
//
// The connection is made by the first probe that finds none; that probe waits for it, and its time
// counts from the sending of its own message. After a refusal, a close or bytes that are no echo,
// the next attempt waits (backoff.h), and probes fail meanwhile, reason "not_connected". A peer
// that is silent makes probes lost, not failed; its connection is replaced.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "probers/tcp_echo/backoff.h"
#include "probers/tcp_echo/connection.h"
#include "probers/tcp_socket.h"

namespace rtt::probers::tcp_echo {

class Lane {
 public:
  /// Connections to former addresses that still wait for echoes; the oldest beyond them is closed.
  static constexpr std::size_t kMaxFormer = 4;

  /// What `context` refers to, `options` and `refusals` must outlive it.
  Lane(const Connection::Context& context, const TcpOptions& options, RefusalLog& refusals);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Another address; a connection to the former one waits for its echoes, then goes.
  void move();
  /// Takes over one probe that was counted as sent.
  void probe(const base::IpAddress& address);

 private:
  /// Why there is no connection, or nothing when there is one.
  [[nodiscard]] std::optional<metrics::FailureReason> connect(const base::IpAddress& address);
  void retire_connection();
  void on_end(std::uint64_t id, Connection::End end, bool echoed);

  struct Former {
    std::uint64_t id;
    std::unique_ptr<Connection> connection;
  };

  const Connection::Context& context_;
  const TcpOptions& options_;
  RefusalLog& refusals_;
  std::uint64_t connection_id_ = 0;  // of connection_
  std::unique_ptr<Connection> connection_;
  std::vector<Former> former_;
  Backoff backoff_;
  base::TimePoint next_attempt_{};
};

}  // namespace rtt::probers::tcp_echo
