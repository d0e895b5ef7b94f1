#include "probers/tcp_echo/prober.h"

namespace rtt::probers::tcp_echo {

EchoProber::EchoProber(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                       RefusalLog& refusals, const Options& options, base::nanoseconds timeout,
                       std::shared_ptr<metrics::ProbeSeries> series)
    : tcp_(options.tcp),
      series_(std::move(series)),
      context_{loop, metrics, *series_, options.payload_bytes, timeout} {
  for (std::size_t i = 0; i < options.source_ports; ++i) {
    lanes_.push_back(std::make_unique<Lane>(context_, tcp_, refusals));
  }
}

void EchoProber::set_address(std::optional<base::IpAddress> address) {
  if (address == address_) return;
  address_ = address;
  for (const auto& lane : lanes_) lane->move();
}

void EchoProber::probe() {
  series_->sent();
  if (!address_) return series_->failed(metrics::FailureReason::kUnresolved);
  lanes_[next_lane_++ % lanes_.size()]->probe(*address_);
}

}  // namespace rtt::probers::tcp_echo
