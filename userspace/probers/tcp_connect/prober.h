// Measures the TCP handshake with one peer: one connection attempt per probe, closed by a reset as
// soon as it is decided.
//
// The round trip of a handshake is the kernel's own. A SYN or SYN-ACK that had to be sent again makes
// the probe lost, whatever arrives later: the time would be the retransmission timer's. (So a path
// whose round trip exceeds TCP's initial timeout, 1 s, shows as loss.) A reset to the SYN is
// a failure that made a round trip; the kernel takes no time of it, so that one is measured here,
// around connect(), and includes this process's wake-up. An attempt is closed at its timeout, so
// this method has no late replies.
#pragma once

#include <list>

#include "probers/prober.h"
#include "probers/tcp_connect/options.h"

namespace rtt::probers::tcp_connect {

class ConnectProber final : public Prober {
 public:
  /// As many descriptors a prober takes at most; a probe beyond them fails, reason "send_error".
  static constexpr std::size_t kMaxInFlight = 256;

  /// `loop` and `refusals` must outlive it.
  ConnectProber(base::EventLoop& loop, RefusalLog& refusals, const TcpOptions& options,
                base::nanoseconds timeout, std::shared_ptr<metrics::ProbeSeries> series);
  ~ConnectProber() override;

  void set_address(std::optional<base::IpAddress> address) override { address_ = address; }
  void probe() override;

 private:
  struct Attempt {
    base::TimePoint started;
    base::UniqueFd socket;
    base::FdWatch watch;
    base::Timer deadline;
  };
  using Attempts = std::list<Attempt>;

  void start(Attempts::iterator attempt);
  /// Whether the kernel knows how the attempt ended; then it is counted and gone.
  bool finish(Attempts::iterator attempt);
  void record(const ConnectOutcome& outcome, base::nanoseconds elapsed);

  base::EventLoop& loop_;
  RefusalLog& refusals_;
  const TcpOptions options_;
  const base::nanoseconds timeout_;
  const std::shared_ptr<metrics::ProbeSeries> series_;
  std::optional<base::IpAddress> address_;
  Attempts in_flight_;
};

}  // namespace rtt::probers::tcp_connect
