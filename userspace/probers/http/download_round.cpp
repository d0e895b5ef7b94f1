#include "probers/http/download_round.h"

#include <utility>

namespace rtt::probers::http {
namespace {

using metrics::FailureReason;

// Large enough that a fast download costs few wake-ups, small enough that none holds the loop for long.
constexpr long kBufferBytes = 128L * 1024;

// Those that the peer's family can be reached from; all, when that is none of them, to fail as such.
std::vector<base::IpAddress> usable(const std::vector<base::IpAddress>& sources, int family) {
  std::vector<base::IpAddress> same;
  for (const base::IpAddress& source : sources) {
    if (source.family() == family) same.push_back(source);
  }
  return same.empty() ? sources : same;
}

}  // namespace

DownloadRound::DownloadRound(Multi& multi, RefusalLog& refusals, Settings settings,
                             std::function<void()> on_over)
    : multi_(multi), refusals_(refusals), settings_(settings), on_over_(std::move(on_over)) {}

DownloadRound::~DownloadRound() {
  for (const Download& download : downloads_) {
    if (download.transfer) settings_.series.download_failed(FailureReason::kCancelled);
  }
}

void DownloadRound::start(const Transfer::Plan& common, std::size_t first) {
  for (std::size_t i = 0; i < settings_.options.parallel; ++i) start_one(common, first + i);
  if (downloads_.empty()) on_over_();
}

void DownloadRound::start_one(Transfer::Plan plan, std::size_t number) {
  const auto sources = usable(settings_.options.sources, plan.address.family());
  const auto& interfaces = settings_.options.interfaces;
  if (!sources.empty()) plan.socket.source = sources[number % sources.size()];
  if (!interfaces.empty()) plan.socket.interface = interfaces[number % interfaces.size()];
  plan.timeout = settings_.options.max_time;
  plan.max_body_bytes = 0;
  plan.keep = false;
  plan.buffer_bytes = kBufferBytes;
  const auto download = downloads_.emplace(downloads_.end(), settings_.options.steady_after);
  download->transfer = std::make_unique<Transfer>(
      multi_, refusals_, std::move(plan),
      Transfer::Callbacks{[this, download](std::size_t bytes) {
                            download->meter.read(base::Clock::now(), bytes);
                            return download->meter.bytes() < settings_.options.max_bytes;
                          },
                          [this, download](const Ended& ended) { on_end(download, ended); }});
  if (download->transfer->start()) return;
  downloads_.erase(download);
  settings_.series.download_failed(FailureReason::kSendError);
}

void DownloadRound::on_end(Downloads::iterator download, const Ended& ended) {
  count(download->meter, ended);
  downloads_.erase(download);
  if (downloads_.empty()) on_over_();
}

void DownloadRound::count(const GoodputMeter& meter, const Ended& ended) {
  using How = Ended::How;
  metrics::HttpSeries& series = settings_.series;
  if (ended.how == How::kFailed) return series.download_failed(ended.reason);
  if (ended.status > 0 && !is_valid(settings_.valid_status, ended.status)) {
    return series.download_failed(FailureReason::kBadStatus);
  }
  const bool timed_out = ended.how == How::kTimedOut;
  if (timed_out && meter.bytes() == 0) return series.download_lost();
  series.download_completed(meter.result(timed_out ? ended.end : meter.last_read()));
}

}  // namespace rtt::probers::http
