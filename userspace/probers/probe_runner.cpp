#include "probers/probe_runner.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace rtt::probers {

ProbeRunner::ProbeRunner(base::EventLoop& loop, metrics::ExporterMetrics& metrics,
                         OnMethod on_method)
    : loop_(loop),
      metrics_(metrics),
      on_method_(std::move(on_method)),
      scheduler_(loop, metrics, [this] { flush(); }) {}

void ProbeRunner::set_probes(const std::vector<PlannedProbe>& probes) {
  RunningProbes next;
  by_host_.clear();
  for (const PlannedProbe& planned : probes) {
    Engine* const method_engine = engine(planned.probe.method);
    if (method_engine == nullptr) continue;
    const auto old = running_.find(planned.series.get());
    auto place = next.end();
    if (old != running_.end() && old->second.probe == planned.probe) {
      place = next.insert(running_.extract(old)).position;
    } else {
      if (old != running_.end()) running_.erase(old);  // ends its probes before the new one begins
      place = next.emplace(planned.series.get(), start(*method_engine, planned)).first;
    }
    by_host_.emplace(planned.host, place->second.prober.get());
  }
  running_ = std::move(next);
}

ProbeRunner::Running ProbeRunner::start(Engine& engine, const PlannedProbe& planned) {
  auto prober = engine.create_prober(planned.probe, planned.series);
  prober->set_address(planned.address);
  auto task = scheduler_.add(planned.probe.interval, [raw = prober.get()] { raw->probe(); });
  return {planned.probe, planned.series, std::move(prober), std::move(task)};
}

void ProbeRunner::set_address(const std::string& host, const base::IpAddress& address) {
  const auto [first, last] = by_host_.equal_range(host);
  for (auto entry = first; entry != last; ++entry) entry->second->set_address(address);
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
