#include "probers/tcp_connect/prober.h"

namespace rtt::probers::tcp_connect {
namespace {

using metrics::FailureReason;

// A second SYN already makes the probe lost, and the kernel allows no fewer.
constexpr int kSynRetries = 1;
// RFC 6298 2.1. The peer's timer for its SYN-ACK runs out about when ours does for the SYN, so on a
// short path a repeated SYN-ACK can arrive before our SYN was repeated.
constexpr base::nanoseconds kInitialRetransmissionTimeout = std::chrono::seconds(1);

}  // namespace

ConnectProber::ConnectProber(base::EventLoop& loop, RefusalLog& refusals, const TcpOptions& options,
                             base::nanoseconds timeout,
                             std::shared_ptr<metrics::ProbeSeries> series)
    : loop_(loop),
      refusals_(refusals),
      options_(options),
      timeout_(timeout),
      series_(std::move(series)) {}

ConnectProber::~ConnectProber() {
  for (std::size_t i = 0; i < in_flight_.size(); ++i) series_->failed(FailureReason::kCancelled);
}

void ConnectProber::probe() {
  series_->sent();
  if (!address_) return series_->failed(FailureReason::kUnresolved);
  if (in_flight_.size() >= kMaxInFlight) return series_->failed(FailureReason::kSendError);
  const base::TimePoint started = base::Clock::now();
  ConnectResult result = begin_connect(*address_, options_, kSynRetries, refusals_);
  if (result.failure == FailureReason::kRefused) {
    return series_->failed(FailureReason::kRefused, base::Clock::now() - started);
  }
  if (result.failure) return series_->failed(*result.failure);
  start(in_flight_.insert(in_flight_.end(), Attempt{started, std::move(result.socket), {}, {}}));
}

void ConnectProber::start(Attempts::iterator attempt) {
  attempt->watch = loop_.watch(attempt->socket.get(), base::Interest::kWrite,
                               [this, attempt] { finish(attempt); });
  attempt->deadline = loop_.timer([this, attempt] {
    // What the kernel has finished already is its answer, however late this loop is.
    if (finish(attempt)) return;
    series_->lost();
    in_flight_.erase(attempt);
  });
  attempt->deadline.expires_at(attempt->started + timeout_);
}

bool ConnectProber::finish(Attempts::iterator attempt) {
  const base::nanoseconds elapsed = base::Clock::now() - attempt->started;
  const ConnectOutcome outcome = connect_outcome(attempt->socket.get());
  if (outcome.state == ConnectOutcome::State::kConnecting) return false;
  in_flight_.erase(attempt);
  record(outcome, elapsed);
  return true;
}

void ConnectProber::record(const ConnectOutcome& outcome, base::nanoseconds elapsed) {
  using State = ConnectOutcome::State;
  const bool answered =
      outcome.state == State::kConnected || outcome.reason == FailureReason::kRefused;
  const bool repeated =
      outcome.retransmitted || outcome.handshake_rtt >= kInitialRetransmissionTimeout;
  const bool late = outcome.state == State::kConnected && outcome.handshake_rtt > timeout_;
  if (outcome.state == State::kSilent || late || (answered && repeated)) {
    series_->lost();
  } else if (outcome.state == State::kConnected) {
    series_->replied(outcome.handshake_rtt);
  } else if (outcome.reason == FailureReason::kRefused && !outcome.to_itself &&
             elapsed <= timeout_) {
    series_->failed(FailureReason::kRefused, elapsed);
  } else {
    series_->failed(outcome.reason);
  }
}

}  // namespace rtt::probers::tcp_connect
