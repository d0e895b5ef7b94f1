#include "passive/tcp_info_source.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/logging.h"
#include "passive/inet_diag_dump.h"
#include "passive/other_namespaces.h"
#include "passive/tcp_info_closed.h"
#include "passive/tcp_info_connections.h"
#include "passive/tcp_info_problem.h"
#include "passive/tcp_info_slots.h"

namespace rtt::passive {
namespace {

using std::chrono::microseconds;

constexpr metrics::FamilyInfo kPolls{"rtt_exporter_tcp_info_polls_total",
                                     "Complete TCP_INFO polls of all TCP connections."};
constexpr metrics::FamilyInfo kPollErrors{
    "rtt_exporter_tcp_info_poll_errors_total",
    "What went wrong while polling TCP_INFO, by reason; the next poll tries again."};
constexpr metrics::FamilyInfo kPollDuration{
    "rtt_exporter_tcp_info_poll_duration_seconds",
    "Wall-clock time that the last complete TCP_INFO poll took."};
constexpr metrics::FamilyInfo kSockets{
    "rtt_exporter_tcp_info_sockets",
    "TCP connections in the last complete TCP_INFO poll, opening and closing ones included."};
constexpr metrics::FamilyInfo kClosedSockets{
    "rtt_exporter_tcp_info_closed_sockets_total",
    "TCP sockets whose last TCP_INFO was read as they closed."};
constexpr metrics::FamilyInfo kClosedPauses{
    "rtt_exporter_tcp_info_closed_pauses_total",
    "Times that sockets closed faster than their last TCP_INFO is read for, so that those of "
    "the rest of a five-second window were missed."};

constexpr metrics::FamilyInfo kNamespaces{"rtt_exporter_tcp_info_namespaces",
                                          "Network namespaces whose connections the last complete "
                                          "TCP_INFO poll covered, the own included."};
constexpr metrics::FamilyInfo kDroppedRemotes{
    "rtt_exporter_tcp_info_remotes_dropped_total",
    "Remote addresses that the search for the busiest ones forgot for want of room."};

constexpr base::nanoseconds kLongestFirstWait = std::chrono::seconds(1);
constexpr base::nanoseconds kOpenerPatience = std::chrono::seconds(1);

}  // namespace

struct TcpInfoSource::Impl {
  Impl(base::EventLoop& event_loop, metrics::ExporterMetrics& exporter,
       std::span<const DumpFamilies> requests);

  void listen_for_closed();
  void schedule(base::nanoseconds interval);
  void tick();
  void set_opener(OpenerChannel* wanted);
  void stalled(base::TimePoint now);
  void start_poll();
  void dump_in(InetDiagSocket socket, bool history_counts_there);
  void end_dump(bool all);
  void end_poll();
  [[nodiscard]] std::uint64_t progress() const;
  void visit(const TcpSocketInfo& socket);
  void closed(const TcpSocketInfo& socket);
  void problem(TcpInfoProblem problem, unsigned count);

  base::EventLoop& loop;
  metrics::ExporterMetrics& metrics;
  TcpInfoSlots slots;
  RemoteActivity activity;
  std::uint64_t dropped_remotes = 0;  // as counted
  ConnectionTable connections;
  InetDiagDump dump;
  std::unique_ptr<ClosedSockets> closed_sockets;
  OpenerChannel* opener = nullptr;
  OnNamespaces on_namespaces;
  std::unique_ptr<OtherNamespaces> others;  // null: only the own namespace is polled
  enum class Phase { kIdle, kOwnNamespace, kOtherNamespaces } phase = Phase::kIdle;
  bool complete = true;        // so far in this poll
  bool history_counts = true;  // of connections that the running dump shows for the first time
  base::Timer timer;
  base::nanoseconds interval{0};  // 0: before the first configure()
  base::TimePoint due;
  base::TimePoint poll_start;
  std::uint64_t progress_at_tick = 0;
  base::TimePoint last_progress;  // as seen at ticks
  std::uint64_t visited = 0;
  std::uint64_t visited_before_dump = 0;
  std::uint64_t closed_since_poll = 0;
  std::string logged_error;
};

TcpInfoSource::Impl::Impl(base::EventLoop& event_loop, metrics::ExporterMetrics& exporter,
                          std::span<const DumpFamilies> requests)
    : loop(event_loop),
      metrics(exporter),
      dump(event_loop, requests,
           {[this](const TcpSocketInfo& socket) { visit(socket); },
            [this](bool complete) { end_dump(complete); },
            [this](TcpInfoProblem what, unsigned count) { problem(what, count); }}),
      timer(event_loop.timer([this] { tick(); })) {
  for (const auto& family : {kPolls, kClosedSockets, kClosedPauses, kDroppedRemotes}) {
    metrics.add_counter(family, {}, 0);
  }
  for (int i = 0; i < static_cast<int>(TcpInfoProblem::kCount); ++i) {
    problem(static_cast<TcpInfoProblem>(i), 0);
  }
}

// Polls alone are worth having, so a kernel that does not tell is no error.
void TcpInfoSource::Impl::listen_for_closed() {
  auto created =
      ClosedSockets::create(loop,
                            {[this](const TcpSocketInfo& socket) { closed(socket); },
                             [this] { metrics.add_counter(kClosedPauses, {}, 1); },
                             [this](TcpInfoProblem what, unsigned count) { problem(what, count); }},
                            {});
  if (created) {
    closed_sockets = std::move(*created);
  } else {
    base::log_info("segments of short TCP connections are not counted",
                   {{"reason", created.error().message}});
  }
}

// A reload that leaves the interval alone leaves the rhythm alone.
void TcpInfoSource::Impl::schedule(base::nanoseconds wanted) {
  if (interval == wanted) return;
  const base::TimePoint now = base::Clock::now();
  const base::TimePoint next =
      now + (interval == base::nanoseconds(0) ? std::min(wanted, kLongestFirstWait) : wanted);
  due = interval == base::nanoseconds(0) ? next : std::min(due, next);
  interval = wanted;
  timer.expires_at(due);
}

void TcpInfoSource::Impl::tick() {
  const base::TimePoint now = base::Clock::now();
  due += interval;
  if (due <= now) due = now + interval;
  timer.expires_at(due);
  if (phase == Phase::kIdle) return start_poll();
  problem(TcpInfoProblem::kOverrun, 1);
  if (progress() == progress_at_tick) {
    stalled(now);
  } else {
    last_progress = now;
  }
  progress_at_tick = progress();
}

// The kernel answers at once; the opener is a process, which has to get a CPU.
void TcpInfoSource::Impl::stalled(base::TimePoint now) {
  if (!dump.running() && now - last_progress < kOpenerPatience) return;
  problem(TcpInfoProblem::kStalled, 1);
  if (dump.running()) {
    dump.abort();
  } else {
    others->give_up();
  }
}

std::uint64_t TcpInfoSource::Impl::progress() const {
  return dump.progress() + (others ? others->progress() : 0);
}

void TcpInfoSource::Impl::set_opener(OpenerChannel* wanted) {
  if (std::exchange(opener, wanted) == wanted) return;
  others.reset();
  if (phase == Phase::kOtherNamespaces) {
    complete = false;
    if (dump.running()) {
      dump.abort();
    } else {
      end_poll();
    }
  }
  if (wanted == nullptr) return;
  others = std::make_unique<OtherNamespaces>(
      *wanted, metrics,
      OtherNamespaces::Callbacks{
          [this](InetDiagSocket socket, bool counts) { dump_in(std::move(socket), counts); },
          [this](bool all) {
            complete &= all;
            end_poll();
          },
          [this](std::optional<std::string> reason) { on_namespaces(std::move(reason)); }});
}

// Sockets that closed before this poll are taken before it misses them: the table forgets what polls miss.
void TcpInfoSource::Impl::start_poll() {
  if (closed_sockets) closed_sockets->take_now();
  poll_start = base::Clock::now();
  progress_at_tick = progress();
  last_progress = poll_start;
  visited = 0;
  complete = true;
  history_counts = true;
  phase = Phase::kOwnNamespace;
  slots.begin_poll();
  connections.begin_poll(poll_start);
  dump.start();
}

void TcpInfoSource::Impl::dump_in(InetDiagSocket socket, bool history_counts_there) {
  history_counts = history_counts_there;
  visited_before_dump = visited;
  dump.start_in(std::move(socket));
}

void TcpInfoSource::Impl::end_dump(bool all) {
  complete &= all;
  if (phase == Phase::kOwnNamespace) {
    if (!others || !others->begin()) return end_poll();
    phase = Phase::kOtherNamespaces;
  } else if (others) {
    others->dumped(all, visited != visited_before_dump);
  } else {
    end_poll();
  }
}

void TcpInfoSource::Impl::end_poll() {
  const bool covers_others = phase == Phase::kOtherNamespaces && others;
  phase = Phase::kIdle;
  const base::TimePoint now = base::Clock::now();
  connections.end_poll(complete, now);
  slots.end_poll(complete);
  metrics.add_counter(kClosedSockets, {}, static_cast<double>(std::exchange(closed_since_poll, 0)));
  if (!complete) return;
  metrics.add_counter(kPolls, {}, 1);
  metrics.set_gauge(kPollDuration, {}, base::to_seconds(now - poll_start));
  metrics.set_gauge(kSockets, {}, static_cast<double>(visited));
  metrics.set_gauge(kNamespaces, {},
                    static_cast<double>(1 + (covers_others ? others->covered() : 0)));
}

void TcpInfoSource::Impl::visit(const TcpSocketInfo& socket) {
  const auto [first_in_poll, growth, peer] = connections.visit(
      socket.cookie, {socket.data_segments_sent, socket.segments_retransmitted}, history_counts);
  if (!first_in_poll) return;
  ++visited;
  slots.visit(socket, growth, *peer);
  activity.add(socket.remote, growth.sent);
}

void TcpInfoSource::Impl::closed(const TcpSocketInfo& socket) {
  ++closed_since_poll;
  const auto [growth, peer] =
      connections.closed(socket.cookie, {socket.data_segments_sent, socket.segments_retransmitted},
                         socket.idle, base::Clock::now());
  slots.add_segments(socket, growth, peer);
  activity.add(socket.remote, growth.sent);
}

void TcpInfoSource::Impl::problem(TcpInfoProblem what, unsigned count) {
  metrics.add_counter(kPollErrors, {{"reason", std::string(to_string(what))}}, count);
  const bool has_text =
      what == TcpInfoProblem::kKernelError || what == TcpInfoProblem::kSocketError;
  if (count == 0 || !has_text || dump.last_error() == logged_error) return;
  logged_error = dump.last_error();
  base::log_warn("a TCP_INFO poll failed", {{"reason", logged_error}});
}

base::Result<std::unique_ptr<TcpInfoSource>> TcpInfoSource::create(
    base::EventLoop& loop, metrics::ExporterMetrics& metrics) {
  const auto requests = InetDiagDump::supported_requests();
  if (!requests) return requests.error();
  return std::unique_ptr<TcpInfoSource>(
      new TcpInfoSource(std::make_unique<Impl>(loop, metrics, *requests)));
}

TcpInfoSource::TcpInfoSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpInfoSource::~TcpInfoSource() = default;

void TcpInfoSource::configure(base::nanoseconds interval, const targets::Classifier& classifier,
                              std::vector<SlotSeries> series, const OwnerCounting* owning) {
  const bool first = impl_->interval == base::nanoseconds(0);
  impl_->slots.configure(classifier, std::move(series), owning);
  impl_->schedule(interval);
  if (first) impl_->listen_for_closed();
}

void TcpInfoSource::set_opener(OpenerChannel* opener, OnNamespaces on_namespaces) {
  impl_->on_namespaces = std::move(on_namespaces);
  impl_->set_opener(opener);
}

void TcpInfoSource::set_activity_networks(const std::vector<base::IpPrefix>& networks) {
  impl_->activity.set_networks(networks);
}

std::vector<ActiveRemote> TcpInfoSource::take_busiest(
    std::size_t most, const std::function<bool(const base::IpAddress&)>& wanted) {
  const std::uint64_t dropped = impl_->activity.dropped();
  const std::uint64_t counted = std::exchange(impl_->dropped_remotes, dropped);
  impl_->metrics.add_counter(kDroppedRemotes, {}, static_cast<double>(dropped - counted));
  return impl_->activity.take_busiest(most, wanted);
}

}  // namespace rtt::passive
