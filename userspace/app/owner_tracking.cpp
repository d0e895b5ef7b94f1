#include "app/owner_tracking.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"

namespace rtt::app {
namespace {

constexpr const char* kSource = "owners";
constexpr const char* kPods = "kubernetes";

constexpr metrics::FamilyInfo kErrors = {
    "rtt_exporter_owner_update_errors_total",
    "Failed attempts to tell the kernel who owns a cgroup; its sockets count with empty labels."};

// How much later than due series go, and after a cgroup its name: counts of it may not have been read yet.
constexpr base::nanoseconds kLongestRound = std::chrono::seconds(30);

}  // namespace

OwnerTracking::OwnerTracking(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                             metrics::SeriesStore& store, SourceBoard& board)
    : loop_(loop),
      metrics_(metrics),
      board_(board),
      series_(store, metrics),
      expiry_(loop.timer([this] { expire(); })) {}

std::optional<passive::OwnerCounting> OwnerTracking::prepare(const Plan& plan) {
  const config::PassiveConfig& passive = plan.config.passive;
  const owners::OwnerWatch::Options wanted{passive.labels, passive.kubernetes};
  next_watch_ = watch_ && watch_->options() == wanted ? watch_ : nullptr;
  if (!passive.labels.any()) board_.remove(kSource);
  if (!passive.kubernetes) board_.remove(kPods);
  if (!next_watch_ && passive.labels.any()) start_watch(wanted);
  if (!next_watch_) return std::nullopt;
  const std::size_t per_pair =
      (passive.tcp_probe.enabled ? 2U : 0U) + (passive.tcp_info.enabled ? 1U : 0U);
  const std::size_t planned = std::min(plan.series->size(), plan.config.max_series);
  const std::size_t pairs = per_pair == 0 ? 0 : (plan.config.max_series - planned) / per_pair;
  // At least one, so that the kernel counts what it has no room for.
  return passive::OwnerCounting{next_watch_->owners(), &series_, std::max(pairs, std::size_t{1})};
}

void OwnerTracking::start_watch(const owners::OwnerWatch::Options& wanted) {
  const auto forget = [this](std::uint64_t cgroup) {
    if (source_) source_->forget_cgroup(cgroup);
  };
  auto watch = owners::OwnerWatch::create(
      loop_, metrics_, wanted,
      {[this](std::uint64_t cgroup, owners::Number owner) { update(cgroup, owner); }, forget,
       [this](std::optional<std::string> reason) { board_.set(kPods, std::move(reason)); }});
  if (!watch) return board_.set(kSource, watch.error().message);
  metrics_.add_counter(kErrors, {}, 0);
  board_.set(kSource, std::nullopt);
  next_watch_ = std::move(*watch);
}

void OwnerTracking::update(std::uint64_t cgroup, owners::Number owner) {
  if (!source_) return;
  const auto set = source_->set_owner(cgroup, owner);
  if (set) return;
  metrics_.add_counter(kErrors, {}, 1);
  base::log_error("cannot follow a cgroup", {{"reason", set.error().message}});
}

void OwnerTracking::accept(const Plan& plan, std::shared_ptr<const metrics::BucketGrid> grid) {
  const config::PassiveConfig& passive = plan.config.passive;
  series_.configure({.planned = plan.series,
                     .grid = std::move(grid),
                     .owners = next_watch_ ? next_watch_->owners() : nullptr,
                     .tcp_probe = passive.tcp_probe.enabled,
                     .tcp_info = passive.tcp_info.enabled,
                     .max_series = plan.config.max_series,
                     .expire_after = passive.labels_expire_after});
  watch_ = std::move(next_watch_);
  expire_after_ = passive.labels_expire_after;
  if (watch_) {
    expiry_.expires_after(std::min(expire_after_ / 10, kLongestRound));
  } else {
    expiry_.cancel();
  }
}

void OwnerTracking::expire() {
  expiry_.expires_after(std::min(expire_after_ / 10, kLongestRound));
  const base::TimePoint now = base::Clock::now();
  if (source_) source_->expire_pairs(now - expire_after_);
  series_.expire(base::Clock::now());
  watch_->forget(now - expire_after_ - 2 * kLongestRound);
  const std::uint64_t unknown = series_.unknown_cgroups();
  if (std::exchange(unknown_before_, unknown) != unknown) watch_->look_again();
}

}  // namespace rtt::app
