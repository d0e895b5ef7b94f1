// Keeps the BPF programs within a share of one CPU: once a second reads what they cost, and says how many
// events count (bpf/sampling.bpf.h). Says both in metrics, and in the log when sampling begins and ends.
//
// One object for all instances of the source. Lives on the control loop.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/event_loop.h"
#include "metrics/exporter_metrics.h"
#include "passive/sampling_policy.h"
#include "passive/tcp_probe_handover.h"

namespace rtt::passive {

class TcpProbeSampling {
 public:
  /// `loop` and `metrics` must outlive it.
  TcpProbeSampling(base::EventLoop& loop, std::shared_ptr<HandOver> programs,
                   metrics::ExporterMetrics& metrics);
  ~TcpProbeSampling();
  TcpProbeSampling(const TcpProbeSampling&) = delete;
  TcpProbeSampling& operator=(const TcpProbeSampling&) = delete;

  /// From the next period on. Of one CPU; above 0. Before the first call: 1.
  void set_max_cpu_share(double share) { policy_.set_max_cpu_share(share); }

 private:
  void begin_period(base::TimePoint now);
  void end_period();
  void set_interval(std::uint32_t interval, double share);
  void show(std::uint32_t interval, double share);

  std::shared_ptr<HandOver> programs_;
  metrics::ExporterMetrics& metrics_;
  SamplingPolicy policy_;
  base::Timer timer_;
  base::TimePoint period_start_;
  base::nanoseconds cost_at_start_{0};
  std::uint32_t interval_ = 1;
};

}  // namespace rtt::passive
