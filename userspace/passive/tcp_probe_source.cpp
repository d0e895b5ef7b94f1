#include "passive/tcp_probe_source.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "passive/tcp_probe_clock.h"
#include "passive/tcp_probe_handover.h"
#include "passive/tcp_probe_object.h"
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

}  // namespace

struct TcpProbeSource::Impl {
  std::vector<SlotSeries> series;
  RowNumbers numbers;
  std::shared_ptr<HandOver> hand_over;
  std::shared_ptr<TcpProbeSampling> sampling;
  std::uint32_t generation;
  std::unique_ptr<TcpProbeObject> object;
  PrefixTable prefixes;
  KernelRows rows;
  TcpProbeStatistics statistics;
  std::unique_ptr<ArrivalClock> clock;

  void collect() {
    rows.drain(numbers, series);
    statistics.update();
  }
};

TcpProbeSource::TcpProbeSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

base::Result<std::unique_ptr<TcpProbeSource>> TcpProbeSource::create(
    base::EventLoop& loop, const metrics::BucketGrid& grid, const targets::Classifier& classifier,
    std::vector<SlotSeries> series, metrics::ExporterMetrics& metrics, TcpProbeSource* previous) {
  if (auto able = check_bpf_requirements(); !able) return able.error();
  RowNumbers numbers(series);
  auto hand_over = previous ? base::Result(previous->impl_->hand_over) : HandOver::create();
  if (!hand_over) return hand_over.error();
  const std::uint32_t generation = (*hand_over)->next_generation();

  const auto ports = rows_of_ports(classifier, numbers);
  const auto layout = TcpProbeLayout::create(numbers.count(), grid.cell_count(), ports.size());
  auto object = TcpProbeObject::load(grid, layout, **hand_over, generation);
  if (!object) return object.error();
  PrefixTable prefixes((*object)->prefixes_fd());
  if (auto set = prefixes.set(rows_of_prefixes(classifier, numbers)); !set) return set.error();
  if (auto set = set_local_ports((*object)->local_ports_fd(), ports); !set) return set.error();
  auto rows = KernelRows::create((*object)->rows_fd(), layout);
  if (!rows) return rows.error();
  auto statistics = TcpProbeStatistics::create(**object, metrics);
  if (!statistics) return statistics.error();
  auto clock = ArrivalClock::create(loop, [state = *hand_over](base::nanoseconds difference) {
    state->set_clock_difference(difference);
  });
  if (!clock) return clock.error();
  auto sampling = previous ? previous->impl_->sampling
                           : std::make_shared<TcpProbeSampling>(loop, *hand_over, metrics);
  if (auto attached = (*object)->attach(); !attached) return attached.error();

  return std::unique_ptr<TcpProbeSource>(new TcpProbeSource(std::make_unique<Impl>(
      Impl{std::move(series), std::move(numbers), std::move(*hand_over), std::move(sampling),
           generation, std::move(*object), std::move(prefixes), std::move(*rows),
           std::move(*statistics), std::move(*clock)})));
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

void TcpProbeSource::collect() { impl_->collect(); }

}  // namespace rtt::passive
