#include "probers/tcp_echo/prober.h"

namespace rtt::probers::tcp_echo {
namespace {

using metrics::FailureReason;

// The connection gives up on an attempt long before the kernel would send more.
constexpr int kSynRetries = 1;

}  // namespace

EchoProber::EchoProber(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                       const Options& options, base::nanoseconds timeout,
                       std::shared_ptr<metrics::ProbeSeries> series)
    : tcp_(options.tcp),
      series_(std::move(series)),
      context_{loop, metrics, *series_, options.payload_bytes, timeout} {}

void EchoProber::set_address(std::optional<base::IpAddress> address) {
  if (address == address_) return;
  address_ = address;
  retire_connection();
  backoff_.reset();
  next_attempt_ = {};
}

void EchoProber::probe() {
  series_->sent();
  if (!address_) return series_->failed(FailureReason::kUnresolved);
  if (!connection_) {
    if (const auto failure = connect()) return series_->failed(*failure);
  }
  connection_->probe();
}

std::optional<FailureReason> EchoProber::connect() {
  const base::TimePoint now = base::Clock::now();
  if (now < next_attempt_) return FailureReason::kNotConnected;
  ConnectResult result = begin_connect(*address_, tcp_, kSynRetries);
  if (result.failure == FailureReason::kRefused) next_attempt_ = now + backoff_.next();
  if (result.failure) return result.failure;
  connection_ = std::make_unique<Connection>(
      context_, std::move(result.socket),
      [this, id = ++connection_id_](Connection::End end, bool echoed) { on_end(id, end, echoed); });
  return std::nullopt;
}

void EchoProber::retire_connection() {
  if (!connection_) return;
  std::unique_ptr<Connection> connection = std::move(connection_);
  if (connection->in_flight() == 0) return;
  connection->drain();
  if (former_.size() == kMaxFormer) former_.erase(former_.begin());
  former_.push_back({connection_id_, std::move(connection)});
}

void EchoProber::on_end(std::uint64_t id, Connection::End end, bool echoed) {
  if (!connection_ || id != connection_id_) {
    std::erase_if(former_, [id](const Former& former) { return former.id == id; });
    return;
  }
  if (echoed) backoff_.reset();
  if (end == Connection::End::kBroken) next_attempt_ = base::Clock::now() + backoff_.next();
  connection_.reset();
}

}  // namespace rtt::probers::tcp_echo
