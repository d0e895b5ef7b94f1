#include "passive/tcp_probe_sampling.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/logging.h"

namespace rtt::passive {
namespace {

constexpr metrics::FamilyInfo kInterval{
    "rtt_exporter_bpf_sampling_interval",
    "One event in so many is counted by the BPF programs, with that weight; 1: every event. Above "
    "1 while "
    "they would cost more than passive.tcp_probe.max_cpu_share."};
constexpr metrics::FamilyInfo kShare{
    "rtt_exporter_bpf_cpu_share",
    "What the BPF programs cost in the last second, as a share of one CPU, estimated from the runs "
    "that time themselves."};

constexpr base::nanoseconds kPeriod = std::chrono::seconds(1);

}  // namespace

TcpProbeSampling::TcpProbeSampling(base::EventLoop& loop, std::shared_ptr<HandOver> programs,
                                   metrics::ExporterMetrics& metrics)
    : programs_(std::move(programs)),
      metrics_(metrics),
      timer_(loop.timer([this] { end_period(); })) {
  show(interval_, 0);
  begin_period(base::Clock::now());
}

TcpProbeSampling::~TcpProbeSampling() { show(1, 0); }

void TcpProbeSampling::begin_period(base::TimePoint now) {
  period_start_ = now;
  cost_at_start_ = programs_->programs_cost();
  timer_.expires_at(now + kPeriod);
}

void TcpProbeSampling::end_period() {
  const base::TimePoint now = base::Clock::now();
  const base::nanoseconds cost = programs_->programs_cost() - cost_at_start_;
  const double share = base::to_seconds(cost) / base::to_seconds(now - period_start_);
  set_interval(policy_.next(share), share);
  show(interval_, share);
  begin_period(now);
}

void TcpProbeSampling::set_interval(std::uint32_t interval, double share) {
  if (interval == interval_) return;
  programs_->set_sampling_interval(interval);
  if (interval_ == 1) {
    base::log_warn("the BPF programs cost more than passive.tcp_probe.max_cpu_share: they sample",
                   {{"cpu_share", std::to_string(share)}, {"one_in", std::to_string(interval)}});
  } else if (interval == 1) {
    base::log_info("the BPF programs count every acknowledgement again", {});
  }
  interval_ = interval;
}

void TcpProbeSampling::show(std::uint32_t interval, double share) {
  metrics_.set_gauge(kInterval, {}, interval);
  metrics_.set_gauge(kShare, {}, share);
}

}  // namespace rtt::passive
