#include "probers/packet_engine.h"

#include <string>
#include <utility>

#include "probers/packet_prober.h"

namespace rtt::probers {
namespace {

constexpr std::size_t kReceiveBatch = 32;
// Errors quote up to 1280 bytes (RFC 4443 2.4); a packet that does not fit is not counted.
constexpr std::size_t kLeastReceiveBytes = 2048;

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

metrics::Labels method_label(const PacketMethod& method) { return {{"method", method.name}}; }

metrics::Labels reason_label(const PacketMethod& method, const char* reason) {
  return {{"method", method.name}, {"reason", reason}};
}

}  // namespace

PacketEngine::PacketEngine(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                           TimestampKeeper keeper, PacketMethod method)
    : loop_(loop),
      metrics_(metrics),
      keeper_(std::move(keeper)),
      method_(std::move(method)),
      refusals_(method_.name),
      memory_(std::make_unique<ReceiveBatch>(kReceiveBatch, kLeastReceiveBytes)),
      timer_(loop.timer([this] { on_timer(); })) {
  metrics_.add_counter(kTimestampFallbacks, method_label(method_), 0);
  for (const auto& [verdict, reason] : kIgnored) {
    metrics_.add_counter(kRepliesIgnored, reason_label(method_, reason), 0);
  }
}

std::unique_ptr<Prober> PacketEngine::create_prober(const config::Probe& probe,
                                                    std::shared_ptr<metrics::ProbeSeries> series) {
  PacketPlan plan = method_.plan(*probe.options);
  if (plan.filler_bytes > filler_.size()) filler_ = make_filler(plan.filler_bytes);
  if (plan.receive_bytes > memory_->bytes_per_message()) {
    memory_ = std::make_unique<ReceiveBatch>(kReceiveBatch, plan.receive_bytes);
  }
  auto peer = std::make_shared<Peer>(Peer{.series = std::move(series),
                                          .timeout = probe.timeout,
                                          .payload_bytes = plan.payload_bytes,
                                          .port = plan.port});
  return std::make_unique<PacketProber>(*this, std::move(peer), std::move(plan));
}

PacketEngine::Channel PacketEngine::channel(const ChannelSettings& settings) {
  Place& place = channels_[settings];
  if (auto open = place.open.lock(); open && usable(*open)) return open;
  if (place.refused_before_flush == next_flush_) return place.reason;
  // Before the socket is made: what that is bound to is then this, or found to be gone.
  const unsigned index = interface_index(settings.socket.interface);
  auto opened = method_.open(settings, next_number_++);
  if (const auto* failure = std::get_if<SocketFailure>(&opened)) {
    refusals_.refused(settings.family, settings.socket, failure->message);
    place.refused_before_flush = next_flush_;
    return place.reason = failure->reason;
  }
  refusals_.worked(settings.family, settings.socket);
  std::erase_if(channels_, [&settings](const auto& other) {
    return other.first != settings && other.second.open.expired();
  });
  auto channel = std::get<std::unique_ptr<PacketChannel>>(std::move(opened));
  PacketChannel& watched = *channel;
  auto open = std::make_shared<OpenChannel>(OpenChannel{
      .channel = std::move(channel),
      .watch =
          loop_.watch(watched.fd(), base::Interest::kRead, [this, &watched] { on_ready(watched); }),
      .interface = settings.socket.interface,
      .interface_index = index});
  place.open = open;
  return open;
}

bool PacketEngine::usable(OpenChannel& open) const {
  if (open.interface.empty()) return true;
  if (std::exchange(open.looked_before_flush, next_flush_) != next_flush_) {
    open.usable = interface_index(open.interface) == open.interface_index;
  }
  return open.usable;
}

void PacketEngine::start(const std::shared_ptr<OpenChannel>& open,
                         const std::shared_ptr<Peer>& peer, const base::IpAddress& destination,
                         const PacketPlan& plan) {
  PacketChannel& channel = *open->channel;
  if (!channel.has_queued()) queued_.push_back(open);
  const Origin origin = channel.next_origin();
  const Handle handle = tracker_.begin(peer, destination, origin);
  channel.queue({.handle = handle,
                 .destination = destination,
                 .port = plan.port,
                 .head = channel.request_head(origin.sequence, handle.token, plan.filler_sum),
                 .filler_bytes = plan.filler_bytes});
}

void PacketEngine::flush() {
  ++next_flush_;
  if (queued_.empty()) return;
  for (const auto& open : queued_) {
    open->channel->flush(filler_, tracker_, *memory_, counts_);
  }
  queued_.clear();
  arm_timer(tracker_.next_deadline());
  publish();
}

void PacketEngine::on_ready(PacketChannel& channel) {
  channel.receive(tracker_, *memory_, counts_);
  publish();
}

void PacketEngine::on_timer() {
  armed_.reset();
  // A reply that came in time counts, however late this loop is.
  for (const auto& [settings, place] : channels_) {
    if (const auto open = place.open.lock()) open->channel->receive(tracker_, *memory_, counts_);
  }
  arm_timer(tracker_.expire(base::Clock::now()));
  publish();
}

void PacketEngine::arm_timer(std::optional<base::TimePoint> when) {
  if (!when || (armed_ && *armed_ <= *when)) return;
  armed_ = when;
  timer_.expires_at(*when);
}

void PacketEngine::publish() {
  for (const auto& [verdict, reason] : kIgnored) {
    auto& count = counts_[static_cast<std::size_t>(verdict)];
    if (count == 0) continue;
    metrics_.add_counter(kRepliesIgnored, reason_label(method_, reason),
                         static_cast<double>(std::exchange(count, 0)));
  }
  if (const std::uint64_t fallbacks = tracker_.take_fallbacks(); fallbacks > 0) {
    metrics_.add_counter(kTimestampFallbacks, method_label(method_),
                         static_cast<double>(fallbacks));
  }
}

}  // namespace rtt::probers
