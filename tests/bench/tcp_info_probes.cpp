#include "bench/tcp_info_probes.h"

#include <optional>
#include <string>

#include "base/event_loop.h"
#include "bench/measure.h"
#include "metrics/exporter_metrics.h"
#include "probers/icmp/method.h"
#include "probers/icmp/options.h"
#include "probers/probe_runner.h"
#include "support/setup_error.h"
#include "unit/probers/loop_thread.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPeers = 100;
constexpr auto kInterval = 100ms;
constexpr auto kTimerInterval = 5ms;

std::shared_ptr<metrics::ProbeSeries> new_series() {
  static const auto grid =
      std::make_shared<const metrics::BucketGrid>(*metrics::BucketGrid::create({1}, 4));
  return std::make_shared<metrics::ProbeSeries>(metrics::PeerLabels{"bench", "peer", {}}, "icmp",
                                                grid, probers::icmp::method().reasons,
                                                probers::icmp::method().features);
}

std::vector<probers::PlannedProbe> plan(
    const std::vector<std::shared_ptr<metrics::ProbeSeries>>& series) {
  config::Probe probe;
  probe.name = probe.method = "icmp";
  probe.interval = kInterval;
  probe.timeout = 1s;
  probe.options = std::make_shared<probers::icmp::Options>();
  std::vector<probers::PlannedProbe> planned;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::string host = "127.9.0." + std::to_string(1 + i);
    planned.push_back({host, probe, series[i], base::IpAddress::parse(host)});
  }
  return planned;
}

// Adds how late each of its regular expiries was, in microseconds.
class LateTimer {
 public:
  LateTimer(base::EventLoop& loop, std::vector<double>& lateness)
      : lateness_(lateness), timer_(loop.timer([this] { expire(); })) {
    set(base::Clock::now());
  }

 private:
  void expire() {
    const base::TimePoint now = base::Clock::now();
    lateness_.push_back(static_cast<double>((now - due_).count()) / 1e3);
    set(now);
  }
  void set(base::TimePoint now) {
    due_ = now + kTimerInterval;
    timer_.expires_at(due_);
  }

  std::vector<double>& lateness_;
  base::Timer timer_;
  base::TimePoint due_;
};

}  // namespace

ProbeFate::ProbeFate() {
  for (std::size_t i = 0; i < kPeers; ++i) series_.push_back(new_series());
}

void ProbeFate::probe_during(const std::function<void()>& meanwhile) {
  metrics::ExporterMetrics metrics;
  std::optional<std::string> reason;
  support::LoopThread thread;
  std::unique_ptr<probers::ProbeRunner> runner;
  std::unique_ptr<LateTimer> timer;
  thread.call([&] {
    runner = std::make_unique<probers::ProbeRunner>(
        thread.loop(), metrics,
        [&](const std::string&, std::optional<std::string> why) { reason = std::move(why); });
    runner->set_probes(plan(series_));
    timer = std::make_unique<LateTimer>(thread.loop(), lateness_);
  });
  if (!reason) meanwhile();
  thread.call([&] {
    timer.reset();
    runner.reset();
  });
  if (reason) throw support::SetupError(*reason);
}

ProbeFate::Counts ProbeFate::counts() const {
  Counts counts;
  for (const auto& series : series_) {
    const metrics::ProbeLedger ledger = series->probe_snapshot().ledger;
    counts.replied += ledger.replied;
    counts.missed += ledger.lost + ledger.failed_total();
  }
  return counts;
}

double ProbeFate::rtt(double q) const {
  metrics::Histogram all = series_[0]->snapshot().histogram;
  for (std::size_t i = 1; i < series_.size(); ++i) {
    std::vector<metrics::CellCount> cells;
    (void)series_[i]->read(cells, /*with_median=*/false);
    all.add(cells, 0);
  }
  std::uint64_t below = 0;
  for (std::size_t cell = 0; cell < all.grid().bounds_ns().size(); ++cell) {
    below += all.cells()[cell];
    if (static_cast<double>(below) >= q * static_cast<double>(all.count())) {
      return static_cast<double>(all.grid().bounds_ns()[cell]) / 1e3;
    }
  }
  throw support::SetupError("a round trip took longer than the grid");
}

double ProbeFate::lateness(double q) const { return quantile(lateness_, q); }

}  // namespace rtt::bench
