// The thread that measures actively: owns the probe loop and, on it, the probe runner and the echo
// server.
//
// For the control thread. Calls return when the probe loop has carried them out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "echo_server/echo_server.h"
#include "metrics/exporter_metrics.h"
#include "probers/probe_runner.h"

namespace rtt::app {

class ProbeThread {
 public:
  /// `metrics` must outlive it. `on_method` is called on the probe loop.
  ProbeThread(metrics::ExporterMetrics& metrics, probers::ProbeRunner::OnMethod on_method);
  /// Ends all probes and joins.
  ~ProbeThread();
  ProbeThread(const ProbeThread&) = delete;
  ProbeThread& operator=(const ProbeThread&) = delete;

  /// Precondition: not called before.
  void start_echo_server(std::vector<echo_server::BoundSockets> sockets);
  /// In portions, so that probes that are due meanwhile are not late.
  void set_probes(std::span<const probers::PlannedProbe> probes);
  /// Does not wait.
  void set_addresses(const std::string& host, std::vector<base::IpAddress> addresses);
  /// Calls it on the probe loop. Does not wait.
  void post(std::function<void()> function) { loop_.post(std::move(function)); }

 private:
  void call(const std::function<void()>& function);

  metrics::ExporterMetrics& metrics_;
  base::EventLoop loop_;
  std::unique_ptr<probers::ProbeRunner> runner_;
  std::unique_ptr<echo_server::EchoServer> echo_server_;
  std::thread thread_;
};

}  // namespace rtt::app
