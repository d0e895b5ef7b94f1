#include "app/probe_worker.h"

#include <utility>

namespace rtt::app {

ProbeWorker::ProbeWorker(metrics::ExporterMetrics& metrics)
    : metrics_(metrics), thread_([this] { loop_.run(); }) {}

void ProbeWorker::start(ProbeRun::Options options, ProbeRun::OnEnd on_end) {
  loop_.post(
      [this, options = std::move(options), on_end = std::move(on_end)] { begin(options, on_end); });
}

void ProbeWorker::stop(const web::ProbeAnswer& answer) {
  if (!thread_.joinable()) return;
  loop_.post([this, answer] {
    while (!runs_.empty()) end(runs_.begin(), answer);
    engines_.clear();
    loop_.stop();
  });
  thread_.join();
}

void ProbeWorker::begin(const ProbeRun::Options& options, const ProbeRun::OnEnd& on_end) {
  const auto place = runs_.insert(runs_.end(), {on_end, nullptr});
  place->run = std::make_unique<ProbeRun>(
      loop_, options, [this](const probers::Method& method) { return engine(method); },
      [this, place](std::optional<web::ProbeAnswer> answer) { end(place, std::move(answer)); });
}

void ProbeWorker::end(Runs::iterator running, std::optional<web::ProbeAnswer> answer) {
  const ProbeRun::OnEnd on_end = std::move(running->on_end);
  runs_.erase(running);
  on_end(std::move(answer));
}

base::Result<probers::Engine*> ProbeWorker::engine(const probers::Method& method) {
  const std::string name(method.schema.name);
  if (const auto known = engines_.find(name); known != engines_.end()) return known->second.get();
  auto created = method.create_engine(loop_, metrics_);
  if (!created) return created.error();
  return engines_.emplace(name, std::move(*created)).first->second.get();
}

}  // namespace rtt::app
