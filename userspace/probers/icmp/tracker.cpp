#include "probers/icmp/tracker.h"

#include "base/random.h"
#include "probers/timestamps.h"

namespace rtt::probers::icmp {
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

FailureReason reason_of(Failure failure) {
  switch (failure) {
    case Failure::kTtlExceeded:
      return FailureReason::kTtlExceeded;
    case Failure::kTooBig:
      return FailureReason::kTooBig;
    case Failure::kUnreachable:
      break;
  }
  return FailureReason::kUnreachable;
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

Tracker::Verdict Tracker::on_reply(const Reply& reply, const Arrival& arrival) {
  Probe* probe = table_.find(Origin{arrival.channel, reply.sequence}, reply.token);
  if (probe == nullptr || probe->destination != arrival.from) return Verdict::kUnmatched;
  Peer& peer = *probe->peer;
  if (reply.payload_bytes != peer.payload_bytes) return Verdict::kMalformed;
  if (peer.cancelled) return Verdict::kFinished;
  switch (probe->state) {
    case Probe::State::kInFlight:
      watch_path(peer, arrival);
      return finish_reply(*probe, arrival);
    case Probe::State::kLost:
      probe->state = Probe::State::kLate;
      watch_path(peer, arrival);
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
  std::optional<base::nanoseconds> kernel_sent;
  if (probe.kernel_sent != base::nanoseconds::zero()) kernel_sent = probe.kernel_sent;
  const ChosenRtt rtt =
      choose_rtt(kernel_sent, arrival.kernel_received, probe.sent, arrival.received);
  // What is past the deadline must not depend on whether the timer or the reply is handled first.
  if (rtt.value > probe.peer->timeout) {
    lose(probe);
    probe.state = Probe::State::kLate;
    probe.peer->series->late();
    return Verdict::kCounted;
  }
  if (!rtt.from_kernel) ++fallbacks_;
  finish(probe, Probe::State::kReplied);
  probe.peer->series->replied(rtt.value);
  return Verdict::kCounted;
}

Tracker::Verdict Tracker::on_error(const ErrorMessage& error, const Arrival& arrival) {
  if (!error.destination) return Verdict::kUnmatched;
  const Origin origin{arrival.channel, error.sequence};
  Probe* probe = error.token ? table_.find(origin, *error.token)
                             : table_.find_only(origin, *error.destination);
  if (probe == nullptr || probe->destination != *error.destination) return Verdict::kUnmatched;
  if (!waits(probe)) return Verdict::kFinished;
  finish(*probe, Probe::State::kFailed);
  probe->peer->series->failed(reason_of(error.failure));
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

}  // namespace rtt::probers::icmp
