#include "probers/icmp/engine.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/logging.h"
#include "base/random.h"
#include "probers/icmp/options.h"
#include "probers/icmp/prober.h"

namespace rtt::probers::icmp {
namespace {

constexpr std::size_t kReceiveBatch = 32;
// Errors quote up to 1280 bytes (RFC 4443 2.4); a packet that does not fit is not counted.
constexpr std::size_t kLeastReceiveBytes = 2048;
constexpr std::size_t kMostIpHeaderBytes = 60;

constexpr metrics::FamilyInfo kRepliesIgnored{
    "rtt_exporter_replies_ignored_total",
    "Answers that belong to no probe: malformed, unmatched (foreign, forged or too late to be "
    "recognised), or for a probe that had already failed."};

struct CountedVerdict {
  Tracker::Verdict verdict;
  const char* reason;
};
constexpr CountedVerdict kIgnored[] = {{Tracker::Verdict::kMalformed, "malformed"},
                                       {Tracker::Verdict::kUnmatched, "unmatched"},
                                       {Tracker::Verdict::kFinished, "finished"}};

metrics::Labels method_label() { return {{"method", "icmp"}}; }

metrics::Labels reason_label(const char* reason) {
  return {{"method", "icmp"}, {"reason", reason}};
}

base::Result<EchoSocketKind> try_family(int family) {
  const auto opened = open_socket({.family = family}, 0);
  if (const auto* failure = std::get_if<SocketFailure>(&opened)) {
    return base::Error{failure->message};
  }
  return std::get<Socket>(opened).kind;
}

void log_kind(const base::Result<EchoSocketKind>& tried, const char* family) {
  if (!tried) {
    base::log_info("icmp cannot be sent", {{"family", family}, {"reason", tried.error().message}});
  } else if (*tried == EchoSocketKind::kPing) {
    base::log_info("icmp uses unprivileged sockets", {{"family", family}});
  }
}

}  // namespace

base::Result<std::unique_ptr<Engine>> IcmpEngine::create(base::EventLoop& loop,
                                                         metrics::ExporterMetrics& metrics) {
  const auto v4 = try_family(AF_INET);
  const auto v6 = try_family(AF_INET6);
  if (!v4 && !v6) {
    return base::Error{"this host allows no ICMP echo: " + v4.error().message + "; " +
                       v6.error().message};
  }
  log_kind(v4, "ipv4");
  log_kind(v6, "ipv6");
  auto keeper = TimestampKeeper::create();
  if (!keeper) return keeper.error();
  return std::unique_ptr<Engine>(new IcmpEngine(loop, metrics, *std::move(keeper)));
}

IcmpEngine::IcmpEngine(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                       TimestampKeeper keeper)
    : loop_(loop),
      metrics_(metrics),
      keeper_(std::move(keeper)),
      memory_(std::make_unique<ReceiveBatch>(kReceiveBatch, kLeastReceiveBytes)),
      timer_(loop.timer([this] { on_timer(); })) {
  metrics_.add_counter(kTimestampFallbacks, method_label(), 0);
  for (const auto& [verdict, reason] : kIgnored) {
    metrics_.add_counter(kRepliesIgnored, reason_label(reason), 0);
  }
}

std::unique_ptr<Prober> IcmpEngine::create_prober(const config::Probe& probe,
                                                  std::shared_ptr<metrics::ProbeSeries> series) {
  const auto& options = dynamic_cast<const Options&>(*probe.options);
  auto peer = std::make_shared<Peer>(Peer{.series = std::move(series),
                                          .timeout = probe.timeout,
                                          .payload_bytes = options.payload_bytes});
  const std::uint16_t filler_sum = provide_filler(options.payload_bytes);
  return std::make_unique<IcmpProber>(*this, std::move(peer), options, filler_sum);
}

std::uint16_t IcmpEngine::provide_filler(std::size_t payload_bytes) {
  const std::size_t needed = kMostIpHeaderBytes + kHeaderBytes + payload_bytes;
  if (needed > memory_->bytes_per_message()) {
    memory_ = std::make_unique<ReceiveBatch>(kReceiveBatch, needed);
  }
  const std::size_t filler_bytes = payload_bytes - kTokenBytes;
  if (filler_bytes > filler_.size()) filler_ = make_filler(filler_bytes);
  return internet_sum(ByteSpan(filler_).first(filler_bytes));
}

std::variant<std::shared_ptr<IcmpEngine::OpenChannel>, metrics::FailureReason> IcmpEngine::channel(
    const SocketSettings& settings) {
  Place& place = channels_[settings];
  if (auto open = place.open.lock(); open && open->channel->usable()) return open;
  if (place.refused_before_flush == next_flush_) return place.reason;
  auto opened = Channel::open(settings, unused_identifier(), next_number_++);
  if (const auto* failure = std::get_if<SocketFailure>(&opened)) {
    refusals_.refused(settings.family, settings.options, failure->message);
    place.refused_before_flush = next_flush_;
    return place.reason = failure->reason;
  }
  refusals_.worked(settings.family, settings.options);
  std::erase_if(channels_, [&settings](const auto& other) {
    return other.first != settings && other.second.open.expired();
  });
  auto channel = std::get<std::unique_ptr<Channel>>(std::move(opened));
  Channel& watched = *channel;
  auto open = std::make_shared<OpenChannel>(OpenChannel{
      std::move(channel),
      loop_.watch(watched.fd(), base::Interest::kRead, [this, &watched] { on_ready(watched); })});
  place.open = open;
  return open;
}

std::uint16_t IcmpEngine::unused_identifier() const {
  for (;;) {
    const auto identifier = static_cast<std::uint16_t>(base::random_u64());
    const bool used = std::any_of(channels_.begin(), channels_.end(), [&](const auto& place) {
      const auto open = place.second.open.lock();
      return open && open->channel->identifier() == identifier;
    });
    if (!used) return identifier;
  }
}

void IcmpEngine::start(const std::shared_ptr<OpenChannel>& open, const std::shared_ptr<Peer>& peer,
                       const base::IpAddress& destination, std::uint16_t filler_sum) {
  Channel& channel = *open->channel;
  if (!channel.has_queued()) queued_.push_back(open);
  const Origin origin = channel.next_origin();
  channel.queue({.handle = tracker_.begin(peer, destination, origin),
                 .destination = destination,
                 .sequence = origin.sequence,
                 .filler_sum = filler_sum,
                 .payload_bytes = peer->payload_bytes});
}

void IcmpEngine::flush() {
  ++next_flush_;
  if (queued_.empty()) return;
  for (const auto& open : queued_) {
    open->channel->flush(filler_, tracker_, *memory_, counts_);
  }
  queued_.clear();
  arm_timer(tracker_.next_deadline());
  publish();
}

void IcmpEngine::on_ready(Channel& channel) {
  channel.receive(tracker_, *memory_, counts_);
  publish();
}

void IcmpEngine::on_timer() {
  armed_.reset();
  // A reply that came in time counts, however late this loop is.
  for (const auto& [settings, place] : channels_) {
    if (const auto open = place.open.lock()) open->channel->receive(tracker_, *memory_, counts_);
  }
  arm_timer(tracker_.expire(base::Clock::now()));
  publish();
}

void IcmpEngine::arm_timer(std::optional<base::TimePoint> when) {
  if (!when || (armed_ && *armed_ <= *when)) return;
  armed_ = when;
  timer_.expires_at(*when);
}

void IcmpEngine::publish() {
  for (const auto& [verdict, reason] : kIgnored) {
    auto& count = counts_[static_cast<std::size_t>(verdict)];
    if (count == 0) continue;
    metrics_.add_counter(kRepliesIgnored, reason_label(reason),
                         static_cast<double>(std::exchange(count, 0)));
  }
  if (const std::uint64_t fallbacks = tracker_.take_fallbacks(); fallbacks > 0) {
    metrics_.add_counter(kTimestampFallbacks, method_label(), static_cast<double>(fallbacks));
  }
}

}  // namespace rtt::probers::icmp
