#include "owners/pod_watch.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace rtt::owners {
namespace {

constexpr metrics::FamilyInfo kRequests = {
    "rtt_exporter_pod_requests_total",
    "Lists of pods that the kubelet or the API server was asked for, answered or not."};
constexpr metrics::FamilyInfo kErrors = {
    "rtt_exporter_pod_errors_total",
    "Why pods may go by their uid, by reason: requests that failed (file, connect, tls, timeout, "
    "status, too_large, malformed), and pods of lists that have no valid uid, name and namespace "
    "(invalid_pod)."};
constexpr metrics::FamilyInfo kUnnamed = {
    "rtt_exporter_unnamed_pod_cgroups",
    "Cgroups of pods whose name is not known: they go by their uid, or wait for their name."};
constexpr const char* kInvalidPod = "invalid_pod";

// How long a new pod's sockets count without an owner at most.
constexpr base::nanoseconds kPatience = std::chrono::seconds(5);
constexpr base::nanoseconds kLongestPause = std::chrono::minutes(1);

}  // namespace

PodWatch::PodWatch(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                   config::Kubernetes server, Callbacks callbacks)
    : metrics_(metrics),
      callbacks_(std::move(callbacks)),
      interval_(server.interval),
      naming_([this](auto cgroup, const auto& owner) { callbacks_.on_owner(cgroup, owner); }),
      pause_(server.interval),
      request_(loop.timer([this] { ask(); })),
      patience_(loop.timer([this] { lose_patience(); })),
      client_(std::move(server),
              [this, &loop, alive = std::weak_ptr(alive_)](PodClient::Answer answer) {
                auto shared = std::make_shared<PodClient::Answer>(std::move(answer));
                loop.post([this, alive, shared] {
                  if (!alive.expired()) receive(std::move(*shared));
                });
              }) {
  for (int i = 0; i < static_cast<int>(PodFailure::kCount); ++i) {
    const std::string reason(to_string(static_cast<PodFailure>(i)));
    metrics_.add_counter(kErrors, {{"reason", reason}}, 0);
  }
  metrics_.add_counter(kErrors, {{"reason", kInvalidPod}}, 0);
  show();
  ask();
}

PodWatch::~PodWatch() { metrics_.set_gauge(kUnnamed, {}, 0); }

void PodWatch::come(std::uint64_t cgroup, Owner owner) {
  const base::TimePoint now = base::Clock::now();
  if (naming_.come(cgroup, std::move(owner), now)) return;
  show();
  if (!std::exchange(is_patient_, true)) patience_.expires_after(kPatience);
  // A server that fails is not asked more often because pods come.
  if (asking_ || failed_) return;
  pause_ = interval_;
  request_.expires_at(std::max(now, asked_ + pause_));
}

void PodWatch::go(std::uint64_t cgroup) {
  naming_.go(cgroup);
  show();
}

void PodWatch::lose_patience() {
  naming_.give_up(base::Clock::now() - kPatience + std::chrono::milliseconds(1));
  // Who came after the timer was set waits for up to a second more.
  is_patient_ = naming_.waiting();
  if (is_patient_) patience_.expires_after(std::chrono::seconds(1));
}

void PodWatch::ask() {
  asking_ = true;
  asked_ = base::Clock::now();
  metrics_.add_counter(kRequests, {}, 1);
  client_.ask();
}

void PodWatch::receive(PodClient::Answer answer) {
  asking_ = false;
  plan_request(take(std::move(answer)));
  show();
}

// Whether it brought a name, or there is none to be had.
bool PodWatch::take(PodClient::Answer answer) {
  const auto* const failure = std::get_if<PodClient::Failure>(&answer);
  failed_ = failure != nullptr;
  if (failed_) {
    metrics_.add_counter(kErrors, {{"reason", std::string(to_string(failure->reason))}}, 1);
    callbacks_.on_state(failure->text);
    return false;
  }
  callbacks_.on_state(std::nullopt);
  auto list = std::get<PodList>(std::move(answer));
  metrics_.add_counter(kErrors, {{"reason", kInvalidPod}}, static_cast<double>(list.invalid));
  return naming_.answer(std::move(list), asked_) > 0 || naming_.waiting();
}

// Until every pod has its name and the server answers, more and more seldom.
void PodWatch::plan_request(bool helped) {
  pause_ = helped ? interval_ : std::min(2 * pause_, kLongestPause);
  if (!failed_ && naming_.unnamed() == 0) return;
  request_.expires_at(std::max(base::Clock::now(), asked_ + pause_));
}

void PodWatch::show() const {
  metrics_.set_gauge(kUnnamed, {}, static_cast<double>(naming_.unnamed()));
}

}  // namespace rtt::owners
