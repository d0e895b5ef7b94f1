#include "probers/probe_runner.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "config/ip_family.h"

namespace rtt::probers {

ProbeRunner::ProbeRunner(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                         OnMethod on_method)
    : loop_(loop),
      metrics_(metrics),
      on_method_(std::move(on_method)),
      scheduler_(loop, metrics, [this] { flush(); }) {}

void ProbeRunner::plan(std::span<const PlannedProbe> probes) {
  for (const PlannedProbe& wanted : probes) plan_one(wanted);
}

void ProbeRunner::plan_one(const PlannedProbe& wanted) {
  if (engine(wanted.probe.method) == nullptr) return;
  const auto [place, is_new] = planned_.try_emplace(wanted.series.get());
  Planned& planned = place->second;
  if (is_new) {
    planned.host = wanted.host;
    planned.series = wanted.series;
    by_host_.emplace(wanted.host, &planned);
  }
  if (is_new || planned.probe != wanted.probe) {
    planned.running.clear();  // ends its probes before the new ones begin
    planned.probe = wanted.probe;
  }
  planned.all_addresses = wanted.all_addresses;
  planned.round = round_;
  readdress(planned, wanted.addresses);
}

bool ProbeRunner::drop_unplanned(std::size_t most) {
  if (!unplanned_) {
    unplanned_.emplace();
    for (const auto& [series, planned] : planned_) {
      if (planned.round != round_) unplanned_->push_back(series);
    }
  }
  for (; most > 0 && !unplanned_->empty(); --most) {
    drop(unplanned_->back());
    unplanned_->pop_back();
  }
  if (!unplanned_->empty()) return true;
  unplanned_.reset();
  ++round_;
  return false;
}

void ProbeRunner::drop(const metrics::ProbeSeries* series) {
  const auto place = planned_.find(series);
  auto [entry, end] = by_host_.equal_range(place->second.host);
  while (entry->second != &place->second) ++entry;
  by_host_.erase(entry);
  planned_.erase(place);
}

void ProbeRunner::set_addresses(const std::string& host,
                                const std::vector<base::IpAddress>& addresses) {
  const auto [first, last] = by_host_.equal_range(host);
  for (auto entry = first; entry != last; ++entry) readdress(*entry->second, addresses);
}

void ProbeRunner::readdress(Planned& planned, const std::vector<base::IpAddress>& addresses) {
  std::vector<std::optional<base::IpAddress>> wanted;
  for (const base::IpAddress& address : addresses) {
    if (!planned.all_addresses && !wanted.empty()) break;
    if (config::has_family(planned.probe.ip_family, address.family())) wanted.emplace_back(address);
  }
  if (wanted.empty()) wanted.emplace_back();
  if (std::ranges::equal(wanted, planned.running, {}, {}, &Running::address)) return;

  std::vector<Running> free = std::exchange(planned.running, {});
  const auto take = [&free](const auto& found) {
    Running running = std::move(*found);
    free.erase(found);
    return running;
  };
  std::erase_if(wanted, [&](const auto& address) {
    const auto found = std::ranges::find(free, address, &Running::address);
    if (found == free.end()) return false;
    planned.running.push_back(take(found));
    return true;
  });
  for (const auto& address : wanted) {
    Running running = free.empty() ? start(planned) : take(free.begin());
    running.address = address;
    running.prober->set_address(address);
    planned.running.push_back(std::move(running));
  }
}

ProbeRunner::Running ProbeRunner::start(const Planned& planned) {
  auto prober = engine(planned.probe.method)->create_prober(planned.probe, planned.series);
  auto task = scheduler_.add(planned.probe.interval, [raw = prober.get()] { raw->probe(); });
  return {std::nullopt, std::move(prober), std::move(task)};
}

Engine* ProbeRunner::engine(const std::string& method) {
  if (const auto known = engines_.find(method); known != engines_.end()) {
    return known->second.get();
  }
  const auto methods = method_table();
  const auto entry = std::find_if(methods.begin(), methods.end(), [&](const Method& candidate) {
    return candidate.schema.name == method;
  });
  assert(entry != methods.end());  // the configuration was checked against the same table
  auto created = entry->create_engine(loop_, metrics_);
  on_method_(method, created ? std::nullopt : std::optional(created.error().message));
  auto& place = engines_[method];
  if (created) place = std::move(*created);
  return place.get();
}

void ProbeRunner::flush() {
  for (const auto& [method, method_engine] : engines_) {
    if (method_engine) method_engine->flush();
  }
}

}  // namespace rtt::probers
