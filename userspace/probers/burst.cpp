#include "probers/burst.h"

#include <algorithm>
#include <utility>

namespace rtt::probers {
namespace {

using base::nanoseconds;

// How often the ledger is asked whether all probes have ended.
constexpr nanoseconds kPause = std::chrono::milliseconds(2);
constexpr nanoseconds kMaxReserve = std::chrono::milliseconds(50);

config::Probe for_burst(config::Probe probe, nanoseconds timeout) {
  probe.timeout = timeout;
  if (auto options = probe.options->for_burst()) probe.options = std::move(options);
  return probe;
}

}  // namespace

Burst::Timing Burst::plan(const config::Probe& probe, std::size_t count, nanoseconds window) {
  const nanoseconds time = std::max(window - std::min(window / 10, kMaxReserve), nanoseconds(2));
  const auto gaps = static_cast<nanoseconds::rep>(count - 1);
  const nanoseconds wanted = std::min(probe.interval, kMaxSpacing);
  // Where both do not fit, the sending and the last timeout take half of the time each.
  const nanoseconds for_sending = std::max(time - probe.timeout, time / 2);
  const nanoseconds spacing = gaps == 0 ? nanoseconds(0) : std::min(wanted, for_sending / gaps);
  return {.spacing = spacing, .timeout = std::min(probe.timeout, time - gaps * spacing)};
}

Burst::Burst(base::EventLoop& loop, Engine& engine, const Options& options,
             std::function<void()> on_end)
    : engine_(engine),
      series_(options.series),
      count_(options.count),
      started_(base::Clock::now()),
      deadline_(options.deadline),
      timing_(options.address ? plan(options.probe, count_, deadline_ - started_)
                              : Timing{nanoseconds(0), options.probe.timeout}),
      on_end_(std::move(on_end)),
      prober_(engine.create_prober(for_burst(options.probe, timing_.timeout), series_)),
      timer_(loop.timer([this] { on_timer(); })) {
  prober_->set_address(options.address);
  timer_.expires_at(started_);
}

void Burst::on_timer() {
  const base::TimePoint now = base::Clock::now();
  const bool is_over = now >= deadline_;
  if (!is_over) send_due(now);
  const bool all_sent = sent_ == count_;
  if (is_over || (all_sent && series_->probe_snapshot().ledger.in_flight == 0)) {
    prober_.reset();
    const auto on_end = on_end_;  // may destroy this object
    return on_end();
  }
  const base::TimePoint next =
      all_sent ? now + kPause : started_ + static_cast<nanoseconds::rep>(sent_) * timing_.spacing;
  timer_.expires_at(std::min(next, deadline_));
}

void Burst::send_due(base::TimePoint now) {
  const std::size_t before = sent_;
  for (; sent_ < count_; ++sent_) {
    if (started_ + static_cast<nanoseconds::rep>(sent_) * timing_.spacing > now) break;
    prober_->probe();
  }
  if (sent_ != before) engine_.flush();
}

}  // namespace rtt::probers
