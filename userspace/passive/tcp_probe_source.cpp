#include "passive/tcp_probe_source.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "bpf/rtt_shared.h"
#include "passive/owner_series.h"
#include "passive/tcp_probe_clock.h"
#include "passive/tcp_probe_handover.h"
#include "passive/tcp_probe_object.h"
#include "passive/tcp_probe_owners.h"
#include "passive/tcp_probe_prefixes.h"
#include "passive/tcp_probe_requirements.h"
#include "passive/tcp_probe_rows.h"
#include "passive/tcp_probe_sampling.h"
#include "passive/tcp_probe_statistics.h"

namespace rtt::passive {
namespace {

PrefixTable::Rows rows_of_prefixes(const targets::Classifier& classifier,
                                   const RowNumbers& numbers) {
  PrefixTable::Rows rows;
  for (const auto& [prefix, slot] : classifier.prefixes()) {
    rows.emplace_hint(rows.end(), prefix, numbers.row(slot));
  }
  return rows;
}

std::unordered_map<std::uint16_t, std::uint32_t> rows_of_ports(
    const targets::Classifier& classifier, const RowNumbers& numbers) {
  std::unordered_map<std::uint16_t, std::uint32_t> rows;
  for (const auto& [port, slot] : classifier.local_ports()) rows[port] = numbers.row(slot);
  return rows;
}

std::shared_ptr<metrics::Series> TcpProbeSource::SlotSeries::* member_of(std::uint32_t method) {
  return method == RTT_TCP_PROBE ? &TcpProbeSource::SlotSeries::tcp_probe
                                 : &TcpProbeSource::SlotSeries::tcp_handshake;
}

base::Result<std::optional<OwnerRows>> owner_rows_of(const TcpProbeObject& object,
                                                     const TcpProbeLayout& layout,
                                                     const OwnerCounting* owning) {
  std::optional<OwnerRows> none;
  if (layout.owner_rows == 0) return none;
  auto rows = OwnerRows::create(object, layout);
  if (!rows) return rows.error();
  for (const auto& [cgroup, owner] : owning->owners->all()) {
    if (auto set = rows->set(cgroup, owner); !set) return set.error();
  }
  return std::optional(*std::move(rows));
}

}  // namespace

struct TcpProbeSource::Impl {
  std::vector<SlotSeries> series;
  RowNumbers numbers;
  std::shared_ptr<HandOver> hand_over;
  std::shared_ptr<TcpProbeSampling> sampling;
  std::uint32_t generation;
  std::unique_ptr<TcpProbeObject> object;
  PrefixTable prefixes;
  TcpProbeLayout layout;
  KernelRows rows;
  std::optional<OwnerRows> owner_rows;
  OwnerSeries* owner_series;  // null without owner_rows
  TcpProbeStatistics statistics;
  std::unique_ptr<ArrivalClock> clock;
  std::mutex mutex = {};  // of rows and owner_rows

  using Series = std::shared_ptr<metrics::Series>;
  void collect();
  void collect_owners(std::uint32_t first, std::uint32_t end);
  [[nodiscard]] const Series& series_of(std::uint32_t peer_row, std::uint32_t method) const;
  [[nodiscard]] Series series_of_owner(const KernelRows::Growth& growth, base::TimePoint now);
  void count_unlabelled();
};

void TcpProbeSource::Impl::collect() {
  const std::lock_guard lock(mutex);
  rows.drain(0, layout.peers, [this](const KernelRows::Growth& growth) {
    series_of(growth.row, growth.method)->add(growth.cells, growth.sum_ns);
  });
  if (owner_rows) {
    collect_owners(layout.peers, layout.peers + layout.owner_rows);
    count_unlabelled();
  }
  statistics.update();
}

void TcpProbeSource::Impl::collect_owners(std::uint32_t first, std::uint32_t end) {
  const base::TimePoint now = base::Clock::now();
  rows.drain(first, end, [&](const KernelRows::Growth& growth) {
    series_of_owner(growth, now)->add(growth.cells, growth.sum_ns);
  });
  owner_series->publish();
}

const TcpProbeSource::Impl::Series& TcpProbeSource::Impl::series_of(std::uint32_t peer_row,
                                                                    std::uint32_t method) const {
  const auto member = member_of(method);
  const Series& own = series[numbers.slot(peer_row)].*member;
  return own ? own : series[targets::kOtherSlot].*member;
}

TcpProbeSource::Impl::Series TcpProbeSource::Impl::series_of_owner(const KernelRows::Growth& growth,
                                                                   base::TimePoint now) {
  const auto pair = owner_rows->counted(growth.row, now);
  const Series& of_peer = series_of(pair ? pair->peer : RTT_PEER_OTHER, growth.method);
  if (!pair) return of_peer;
  std::uint64_t observations = 0;
  for (const metrics::CellCount& cell : growth.cells) observations += cell.count;
  const auto owned = owner_series->of(of_peer->peer(), pair->owner, observations);
  const Series& of_owner = owned.tcp_probe.*member_of(growth.method);
  return of_owner ? of_owner : of_peer;
}

void TcpProbeSource::Impl::count_unlabelled() {
  const auto counts = owner_rows->take_unlabelled();
  owner_series->count_unlabelled(OwnerSeries::Unlabelled::kUnknownCgroup,
                                 counts[RTT_UNLABELLED_UNKNOWN_CGROUP]);
  owner_series->count_unlabelled(OwnerSeries::Unlabelled::kNoRoom, counts[RTT_UNLABELLED_NO_ROOM]);
}

TcpProbeSource::TcpProbeSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

base::Result<std::unique_ptr<TcpProbeSource>> TcpProbeSource::create(
    base::EventLoop& loop, const metrics::BucketGrid& grid, const targets::Classifier& classifier,
    std::vector<SlotSeries> series, metrics::ExporterMetrics& metrics, TcpProbeSource* previous,
    const OwnerCounting* owning) {
  if (auto able = check_bpf_requirements(); !able) return able.error();
  RowNumbers numbers(series);
  auto hand_over = previous ? base::Result(previous->impl_->hand_over) : HandOver::create();
  if (!hand_over) return hand_over.error();
  const std::uint32_t generation = (*hand_over)->next_generation();

  const auto ports = rows_of_ports(classifier, numbers);
  const auto layout = TcpProbeLayout::create(numbers.count(), grid.cell_count(), ports.size(),
                                             owning ? owning->most_pairs : 0);
  auto object = TcpProbeObject::load(grid, layout, **hand_over, generation);
  if (!object) return object.error();
  PrefixTable prefixes((*object)->prefixes_fd());
  if (auto set = prefixes.set(rows_of_prefixes(classifier, numbers)); !set) return set.error();
  if (auto set = set_local_ports((*object)->local_ports_fd(), ports); !set) return set.error();
  auto rows = KernelRows::create((*object)->rows_fd(), layout);
  if (!rows) return rows.error();
  auto owner_rows = owner_rows_of(**object, layout, owning);
  if (!owner_rows) return owner_rows.error();
  auto statistics = TcpProbeStatistics::create(**object, metrics);
  if (!statistics) return statistics.error();
  auto clock = ArrivalClock::create(loop, [state = *hand_over](base::nanoseconds difference) {
    state->set_clock_difference(difference);
  });
  if (!clock) return clock.error();
  auto sampling = previous ? previous->impl_->sampling
                           : std::make_shared<TcpProbeSampling>(loop, *hand_over, metrics);
  if (auto attached = (*object)->attach(); !attached) return attached.error();

  OwnerSeries* const owner_series = *owner_rows ? owning->series : nullptr;
  return std::unique_ptr<TcpProbeSource>(new TcpProbeSource(std::unique_ptr<Impl>(
      new Impl{std::move(series), std::move(numbers), std::move(*hand_over), std::move(sampling),
               generation, std::move(*object), std::move(prefixes), layout, std::move(*rows),
               std::move(*owner_rows), owner_series, std::move(*statistics), std::move(*clock)})));
}

TcpProbeSource::~TcpProbeSource() {
  impl_->object->detach();
  impl_->hand_over->retire(impl_->generation);
  impl_->hand_over->wait_for_running_programs();
  impl_->collect();
}

void TcpProbeSource::set_max_cpu_share(double share) { impl_->sampling->set_max_cpu_share(share); }

void TcpProbeSource::activate() { impl_->hand_over->activate(impl_->generation); }

base::Result<void> TcpProbeSource::set_prefixes(const targets::Classifier& classifier) {
  const auto changed = impl_->prefixes.set(rows_of_prefixes(classifier, impl_->numbers));
  if (changed && !*changed) return {};
  // A program that still runs may have asked for the old prefixes and store the answer.
  impl_->hand_over->wait_for_running_programs();
  impl_->hand_over->forget_prefixes();
  impl_->statistics.measure_maps();
  if (!changed) return changed.error();
  return {};
}

base::Result<void> TcpProbeSource::set_owner(std::uint64_t cgroup, owners::Number owner) {
  return impl_->owner_rows ? impl_->owner_rows->set(cgroup, owner) : base::Result<void>();
}

void TcpProbeSource::forget_cgroup(std::uint64_t cgroup) {
  if (impl_->owner_rows) impl_->owner_rows->forget(cgroup);
}

void TcpProbeSource::expire_pairs(base::TimePoint before) {
  if (!impl_->owner_rows) return;
  std::vector<std::uint32_t> idle;
  {
    const std::lock_guard lock(impl_->mutex);
    // What was counted since the last scrape shows here only.
    impl_->collect_owners(impl_->layout.peers, impl_->layout.peers + impl_->layout.owner_rows);
    idle = impl_->owner_rows->detach_idle(before);
  }
  if (idle.empty()) return;
  impl_->hand_over->wait_for_running_programs();
  const std::lock_guard lock(impl_->mutex);
  for (const std::uint32_t row : idle) impl_->collect_owners(row, row + 1);
  impl_->owner_rows->release(idle);
}

void TcpProbeSource::collect() { impl_->collect(); }

}  // namespace rtt::passive
