// Measures the round trip of one small message per probe on one long-lived TCP connection with one
// peer, against any service that returns what it gets (RFC 862).
//
// The connection is made by the first probe that finds none; that probe waits for it, and its time
// counts from the sending of its own message. After a refusal, a close or bytes that are no echo,
// the next attempt waits (backoff.h), and probes fail meanwhile, reason "not_connected". A peer
// that is silent makes probes lost, not failed; its connection is replaced.
#pragma once

#include <memory>
#include <vector>

#include "probers/prober.h"
#include "probers/tcp_echo/backoff.h"
#include "probers/tcp_echo/connection.h"
#include "probers/tcp_echo/options.h"

namespace rtt::probers::tcp_echo {

class EchoProber final : public Prober {
 public:
  /// Connections to former addresses that still wait for echoes; the oldest beyond them is closed.
  static constexpr std::size_t kMaxFormer = 4;

  EchoProber(base::EventLoop& loop, metrics::ExporterMetrics& metrics, const Options& options,
             base::nanoseconds timeout, std::shared_ptr<metrics::ProbeSeries> series);

  void set_address(std::optional<base::IpAddress> address) override;
  void probe() override;

 private:
  /// Why there is no connection, or nothing when there is one.
  [[nodiscard]] std::optional<metrics::FailureReason> connect();
  void retire_connection();
  void on_end(std::uint64_t id, Connection::End end, bool echoed);

  struct Former {
    std::uint64_t id;
    std::unique_ptr<Connection> connection;
  };

  const TcpOptions tcp_;
  const std::shared_ptr<metrics::ProbeSeries> series_;
  const Connection::Context context_;
  std::optional<base::IpAddress> address_;
  std::uint64_t connection_id_ = 0;  // of connection_
  std::unique_ptr<Connection> connection_;
  std::vector<Former> former_;
  Backoff backoff_;
  base::TimePoint next_attempt_{};
};

}  // namespace rtt::probers::tcp_echo
