// The thread that carries out the requests to /probe: owns a loop and, on it, engines and runs.
//
// start() may be called from any thread, the rest is for the control thread.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "app/probe_run.h"
#include "base/event_loop.h"
#include "metrics/exporter_metrics.h"

namespace rtt::app {

class ProbeWorker {
 public:
  /// `metrics` must outlive it.
  explicit ProbeWorker(metrics::ExporterMetrics& metrics);
  /// Precondition: stop() was called.
  ~ProbeWorker() = default;
  ProbeWorker(const ProbeWorker&) = delete;
  ProbeWorker& operator=(const ProbeWorker&) = delete;

  /// `on_end` is called once, on the worker's thread. Precondition: stop() was not called.
  void start(ProbeRun::Options options, ProbeRun::OnEnd on_end);
  /// Ends all runs with this answer, and the thread. A second call does nothing.
  void stop(const web::ProbeAnswer& answer);

 private:
  struct Running {
    ProbeRun::OnEnd on_end;
    std::unique_ptr<ProbeRun> run;
  };
  using Runs = std::list<Running>;

  void begin(const ProbeRun::Options& options, const ProbeRun::OnEnd& on_end);
  void end(Runs::iterator running, std::optional<web::ProbeAnswer> answer);
  [[nodiscard]] base::Result<probers::Engine*> engine(const probers::Method& method);

  metrics::ExporterMetrics& metrics_;
  base::EventLoop loop_;
  std::map<std::string, std::unique_ptr<probers::Engine>> engines_;  // those that work
  Runs runs_;
  std::thread thread_;
};

}  // namespace rtt::app
