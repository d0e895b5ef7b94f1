#include "probers/http/prober.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace rtt::probers::http {
namespace {

using metrics::FailureReason;
using metrics::HttpPhase;

// Of responses to probes, which are small.
constexpr long kBufferBytes = 4096;

// So that the peers of a configuration do not all begin at once.
base::TimePoint first_download(const std::optional<DownloadOptions>& download) {
  if (!download) return {};
  const auto interval = static_cast<std::uint64_t>(download->interval.count());
  return base::Clock::now() +
         base::nanoseconds(static_cast<std::int64_t>(base::random_u64() % interval));
}

}  // namespace

HttpProber::HttpProber(HttpEngine& engine, std::shared_ptr<const Options> options,
                       base::nanoseconds timeout, std::shared_ptr<metrics::ProbeSeries> series)
    : engine_(engine),
      options_(std::move(options)),
      timeout_(timeout),
      series_(std::move(series)),
      request_(*options_, series_->peer().peer, options_->path),
      download_request_(*options_, series_->peer().peer,
                        options_->download ? options_->download->path : options_->path),
      multi_(engine.multi()),
      pool_(engine.new_pool()),
      interface_index_(interface_index(options_->socket.interface)),
      next_download_(first_download(options_->download)) {
  series_->http()->expect_downloads(options_->download.has_value());
}

HttpProber::~HttpProber() {
  engine_.downloads().leave(this);
  for (std::size_t i = 0; i < transfers_.size(); ++i) series_->failed(FailureReason::kCancelled);
  transfers_.clear();
  round_.reset();
  if (multi_) multi_->retire(pool_);
}

void HttpProber::set_address(std::optional<base::IpAddress> address) {
  if (address == address_) return;
  address_ = address;
  change_pool();
}

// Sockets stay bound to the interface that had the name when they were made.
void HttpProber::follow_interface() {
  const unsigned index = interface_index(options_->socket.interface);
  if (index == interface_index_) return;
  interface_index_ = index;
  change_pool();
}

void HttpProber::change_pool() {
  if (multi_) multi_->retire(pool_);
  pool_ = engine_.new_pool();
  kept_is_busy_ = false;
}

void HttpProber::probe() {
  series_->sent();
  if (!address_) return series_->failed(FailureReason::kUnresolved);
  if (!multi_ || transfers_.size() >= kMaxInFlight) {
    return series_->failed(FailureReason::kSendError);
  }
  follow_interface();
  start();
}

Transfer::Plan HttpProber::plan(const Request& request) const {
  return {.request = request,
          .address = *address_,
          .port = options_->port,
          .socket = options_->socket,
          .timeout = timeout_,
          .max_body_bytes = options_->max_bytes,
          .pool = pool_,
          .buffer_bytes = kBufferBytes};
}

void HttpProber::start() {
  Transfer::Plan request = plan(request_);
  request.keep = options_->keep && !kept_is_busy_;
  // The iterator is known only after the transfer was made.
  const auto self = std::make_shared<Transfers::iterator>();
  *self = transfers_.emplace(
      transfers_.end(), *multi_, engine_.refusals(), std::move(request),
      Transfer::Callbacks{{}, [this, self](const Ended& ended) { on_end(*self, ended); }});
  if ((*self)->start()) {
    kept_is_busy_ |= (*self)->plan().keep;
    return;
  }
  transfers_.erase(*self);
  series_->failed(FailureReason::kSendError);
}

void HttpProber::on_end(Transfers::iterator transfer, const Ended& ended) {
  const PoolId pool = transfer->plan().pool;
  if (pool == pool_ && transfer->plan().keep) kept_is_busy_ = false;
  transfers_.erase(transfer);
  if (pool != pool_) multi_->retire(pool);
  observe_phases(ended);
  count(ended);
  download_if_due();
}

void HttpProber::count(const Ended& ended) {
  using How = Ended::How;
  if (ended.how == How::kTimedOut) return series_->lost();
  const bool measured = ended.request && ended.first_byte;
  const auto rtt = measured ? *ended.first_byte - *ended.request : base::nanoseconds(0);
  if (ended.how != How::kComplete || !measured) {
    const auto reason = ended.how == How::kFailed ? ended.reason : FailureReason::kBadReply;
    if (reason == FailureReason::kTooLarge && measured) return series_->failed(reason, rtt);
    return series_->failed(reason);
  }
  if (!is_valid(options_->valid_status, ended.status)) {
    return series_->failed(FailureReason::kBadStatus, rtt);
  }
  series_->replied(rtt);
}

void HttpProber::observe_phases(const Ended& ended) {
  metrics::HttpSeries& phases = *series_->http();
  if (ended.connect) phases.observe(HttpPhase::kConnect, *ended.connect);
  if (ended.tls) phases.observe(HttpPhase::kTls, *ended.tls);
  if (ended.how != Ended::How::kComplete || !ended.request || !ended.first_byte) return;
  phases.observe(HttpPhase::kFirstByte, *ended.first_byte - *ended.request);
  phases.observe(HttpPhase::kTransfer, ended.end - *ended.first_byte);
}

void HttpProber::download_if_due() {
  const auto now = base::Clock::now();
  if (!options_->download || is_queued_ || now < next_download_) return;
  next_download_ = std::max(next_download_ + options_->download->interval, now);
  is_queued_ = true;
  engine_.downloads().enter(this, [this] { start_download(); });
}

void HttpProber::start_download() {
  round_ = std::make_unique<DownloadRound>(
      *multi_, engine_.refusals(),
      DownloadRound::Settings{*options_->download, options_->valid_status, download_request_,
                              *series_->http()},
      [this] {
        is_queued_ = false;
        round_.reset();
        engine_.downloads().leave(this);
      });
  const std::size_t first = downloads_started_;
  downloads_started_ += options_->download->parallel;
  if (address_) return round_->start(plan(download_request_), first);
  is_queued_ = false;
  round_.reset();
  engine_.downloads().leave(this);
}

}  // namespace rtt::probers::http
