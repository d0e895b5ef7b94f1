// Measures the round trip of one small message per probe on long-lived TCP connections with one
// peer, against any service that returns what it gets (RFC 862): one connection, or several in
// rotation (source_ports), each of which is made and lost for itself.
#pragma once

#include <memory>
#include <vector>

#include "probers/prober.h"
#include "probers/tcp_echo/lane.h"
#include "probers/tcp_echo/options.h"

namespace rtt::probers::tcp_echo {

class EchoProber final : public Prober {
 public:
  /// `loop`, `metrics` and `refusals` must outlive it.
  EchoProber(base::EventLoop& loop, metrics::ExporterMetrics& metrics, RefusalLog& refusals,
             const Options& options, base::nanoseconds timeout,
             std::shared_ptr<metrics::ProbeSeries> series);

  void set_address(std::optional<base::IpAddress> address) override;
  void probe() override;

 private:
  const TcpOptions tcp_;
  const std::shared_ptr<metrics::ProbeSeries> series_;
  const Connection::Context context_;
  std::optional<base::IpAddress> address_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t next_lane_ = 0;
};

}  // namespace rtt::probers::tcp_echo
