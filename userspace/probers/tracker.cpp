#include "probers/tracker.h"

#include "base/random.h"
#include "probers/timestamps.h"

namespace rtt::probers {
namespace {

using metrics::FailureReason;

std::uint64_t random_token() {
  for (;;) {
    if (const std::uint64_t token = base::random_u64(); token != 0) return token;
  }
}

void finish(Probe& probe, Probe::State state) {
  probe.state = state;
  --probe.peer->in_flight;
}

void lose(Probe& probe) {
  finish(probe, Probe::State::kLost);
  probe.peer->series->lost();
}

bool waits(const Probe* probe) {
  return probe != nullptr && probe->state == Probe::State::kInFlight && !probe->peer->cancelled;
}

void watch_path(Peer& peer, const Arrival& arrival) {
  if (arrival.hop_limit && peer.paths.changed(arrival.channel, arrival.from, *arrival.hop_limit)) {
    peer.series->path_changed();
  }
}

}  // namespace

Handle Tracker::begin(const std::shared_ptr<Peer>& peer, const base::IpAddress& destination,
                      Origin origin) {
  peer->series->sent();
  ++peer->in_flight;
  return table_.insert(random_token(), peer, destination, origin);
}

void Tracker::sent(Handle handle, base::TimePoint when) {
  Probe* probe = table_.find(handle);
  if (probe == nullptr) return;
  probe->sent = when;
  deadlines_.push({when + probe->peer->timeout, handle});
}

void Tracker::transmitted(Handle handle, base::nanoseconds when) {
  if (Probe* probe = table_.find(handle)) probe->kernel_sent = when;
}

void Tracker::send_failed(Handle handle, FailureReason reason) {
  Probe* probe = table_.find(handle);
  if (!waits(probe)) return;
  finish(*probe, Probe::State::kFailed);
  probe->peer->series->failed(reason);
  table_.erase(handle);
}

bool Tracker::in_flight(Handle handle) { return waits(table_.find(handle)); }

Tracker::Verdict Tracker::on_reply(const Echo& echo, const Arrival& arrival) {
  Probe* probe = table_.find(Origin{arrival.channel, echo.sequence}, echo.token);
  if (probe == nullptr || probe->destination != arrival.from) return Verdict::kUnmatched;
  Peer& peer = *probe->peer;
  if (peer.port != arrival.from_port) return Verdict::kUnmatched;
  if (echo.payload_bytes != peer.payload_bytes) return Verdict::kMalformed;
  if (peer.cancelled) return Verdict::kFinished;
  switch (probe->state) {
    case Probe::State::kInFlight:
      watch_path(peer, arrival);
      return finish_reply(*probe, arrival);
    case Probe::State::kLost:
      watch_path(peer, arrival);
      probe->state = Probe::State::kLate;
      peer.series->late();
      return Verdict::kCounted;
    case Probe::State::kReplied:
    case Probe::State::kLate:
      peer.series->duplicate();
      return Verdict::kCounted;
    case Probe::State::kFailed:
      break;
  }
  return Verdict::kFinished;
}

Tracker::Verdict Tracker::finish_reply(Probe& probe, const Arrival& arrival) {
  const auto rtt = round_trip(probe, arrival);
  // What is past the deadline must not depend on whether the timer or the reply is handled first.
  if (!rtt) {
    lose(probe);
    probe.state = Probe::State::kLate;
    probe.peer->series->late();
    return Verdict::kCounted;
  }
  finish(probe, Probe::State::kReplied);
  probe.peer->series->replied(*rtt);
  return Verdict::kCounted;
}

std::optional<base::nanoseconds> Tracker::round_trip(const Probe& probe, const Arrival& arrival) {
  std::optional<base::nanoseconds> kernel_sent;
  if (probe.kernel_sent != base::nanoseconds::zero()) kernel_sent = probe.kernel_sent;
  const ChosenRtt rtt =
      choose_rtt(kernel_sent, arrival.kernel_received, probe.sent, arrival.received);
  if (rtt.value > probe.peer->timeout) return std::nullopt;
  if (!rtt.from_kernel) ++fallbacks_;
  return rtt.value;
}

Tracker::Verdict Tracker::on_error(const NotDelivered& report, const Arrival& arrival) {
  if (!report.destination) return Verdict::kUnmatched;
  const Origin origin{arrival.channel, report.sequence};
  Probe* probe = report.token ? table_.find(origin, *report.token)
                              : table_.find_only(origin, *report.destination);
  if (probe == nullptr || probe->destination != *report.destination ||
      probe->peer->port != report.port) {
    return Verdict::kUnmatched;
  }
  if (!waits(probe)) return Verdict::kFinished;
  const auto rtt = report.by_peer ? round_trip(*probe, arrival) : std::nullopt;
  finish(*probe, Probe::State::kFailed);
  if (rtt) {
    probe->peer->series->failed(report.reason, *rtt);
  } else {
    probe->peer->series->failed(report.reason);
  }
  return Verdict::kCounted;
}

std::optional<base::TimePoint> Tracker::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.top().when;
}

std::optional<base::TimePoint> Tracker::expire(base::TimePoint now) {
  std::optional<base::TimePoint> next;
  while (!deadlines_.empty()) {
    const Deadline first = deadlines_.top();
    Probe* probe = table_.find(first.handle);
    if (waits(probe)) {
      if (first.when > now) {
        next = first.when;
        break;
      }
      lose(*probe);
    }
    // What has its outcome leaves the queue before its deadline: nobody is to be woken for it.
    deadlines_.pop();
    if (probe != nullptr) remember(first);
  }
  forget(now);
  return next;
}

void Tracker::cancel(Peer& peer) {
  peer.cancelled = true;
  for (; peer.in_flight > 0; --peer.in_flight) peer.series->failed(FailureReason::kCancelled);
  peer.series.reset();
}

void Tracker::remember(const Deadline& past) {
  if (remembered_.size() == kMostRemembered) {
    table_.erase(remembered_.front().handle);
    remembered_.pop_front();
  }
  remembered_.push_back(past);
}

void Tracker::forget(base::TimePoint now) {
  while (!remembered_.empty() && remembered_.front().when + kMemory <= now) {
    table_.erase(remembered_.front().handle);
    remembered_.pop_front();
  }
}

}  // namespace rtt::probers
