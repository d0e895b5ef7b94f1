#include "probers/tcp_echo/lane.h"

#include <utility>

namespace rtt::probers::tcp_echo {
namespace {

using metrics::FailureReason;

// The connection gives up on an attempt long before the kernel would send more.
constexpr int kSynRetries = 1;

}  // namespace

Lane::Lane(const Connection::Context& context, const TcpOptions& options, RefusalLog& refusals)
    : context_(context), options_(options), refusals_(refusals) {}

void Lane::move() {
  retire_connection();
  backoff_.reset();
  next_attempt_ = {};
}

void Lane::probe(const base::IpAddress& address) {
  if (!connection_) {
    if (const auto failure = connect(address)) return context_.series.failed(*failure);
  }
  connection_->probe();
}

std::optional<FailureReason> Lane::connect(const base::IpAddress& address) {
  const base::TimePoint now = base::Clock::now();
  if (now < next_attempt_) return FailureReason::kNotConnected;
  ConnectResult result = begin_connect(address, options_, kSynRetries, refusals_);
  if (result.failure == FailureReason::kRefused) next_attempt_ = now + backoff_.next();
  if (result.failure) return result.failure;
  connection_ = std::make_unique<Connection>(
      context_, std::move(result.socket),
      [this, id = ++connection_id_](Connection::End end, bool echoed) { on_end(id, end, echoed); });
  return std::nullopt;
}

void Lane::retire_connection() {
  if (!connection_) return;
  std::unique_ptr<Connection> connection = std::move(connection_);
  if (connection->in_flight() == 0) return;
  connection->drain();
  if (former_.size() == kMaxFormer) former_.erase(former_.begin());
  former_.push_back({connection_id_, std::move(connection)});
}

void Lane::on_end(std::uint64_t id, Connection::End end, bool echoed) {
  if (!connection_ || id != connection_id_) {
    std::erase_if(former_, [id](const Former& former) { return former.id == id; });
    return;
  }
  if (echoed) backoff_.reset();
  if (end == Connection::End::kBroken) next_attempt_ = base::Clock::now() + backoff_.next();
  connection_.reset();
}

}  // namespace rtt::probers::tcp_echo
