#include "passive/tcp_probe_statistics.h"

#include <bpf/bpf.h>

#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "bpf/rtt_shared.h"

namespace rtt::passive {
namespace {

using metrics::FamilyInfo;

constexpr FamilyInfo kRunSeconds{
    "rtt_exporter_bpf_run_seconds_total",
    "Time that the kernel spent in the BPF program. Counted when started as root, or while the "
    "sysctl kernel.bpf_stats_enabled is 1; else 0."};
constexpr FamilyInfo kRuns{
    "rtt_exporter_bpf_runs_total",
    "Runs of the BPF program, most of which see nothing to measure. Counted when started as "
    "root, or while the sysctl kernel.bpf_stats_enabled is 1; else 0."};
constexpr FamilyInfo kMissedRuns{
    "rtt_exporter_bpf_missed_runs_total",
    "Events that the BPF program did not see because it was already running on that CPU."};
constexpr FamilyInfo kDropped{
    "rtt_exporter_bpf_samples_dropped_total",
    "Acknowledgements and handshakes that gave no observation, by reason."};
constexpr FamilyInfo kMapBytes{"rtt_exporter_bpf_map_bytes",
                               "Kernel memory that the BPF map takes."};

struct Reason {
  std::uint32_t program;
  std::uint32_t reason;
  const char* program_name;
  const char* reason_name;
};

constexpr std::array kReasons = {
    Reason{RTT_TCP_PROBE, RTT_DROP_RETRANSMITTED, "tcp_probe", "retransmitted"},
    Reason{RTT_TCP_PROBE, RTT_DROP_UNACCEPTABLE, "tcp_probe", "unacceptable"},
    Reason{RTT_TCP_PROBE, RTT_DROP_PARTIAL, "tcp_probe", "partial"},
    Reason{RTT_TCP_PROBE, RTT_DROP_WALK_LIMIT, "tcp_probe", "walk_limit"},
    Reason{RTT_TCP_PROBE, RTT_DROP_CLOCK, "tcp_probe", "clock"},
    Reason{RTT_TCP_HANDSHAKE, RTT_DROP_RETRANSMITTED, "tcp_handshake", "retransmitted"},
    Reason{RTT_TCP_HANDSHAKE, RTT_DROP_NO_SAMPLE, "tcp_handshake", "no_sample"},
};

std::uint64_t growth(std::uint64_t& last, std::uint64_t now) {
  return now - std::exchange(last, now);
}

void add_dropped(metrics::ExporterMetrics& metrics, const Reason& reason, std::uint64_t count) {
  metrics.add_counter(kDropped, {{"program", reason.program_name}, {"reason", reason.reason_name}},
                      static_cast<double>(count));
}

/// What the kernel charges for the map ("memlock" in its fdinfo); 0 when it does not say. To ask takes as
/// long as to write a hundred lines of a scrape.
std::uint64_t map_bytes(int fd) {
  constexpr std::string_view kKey = "memlock:";
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kKey)) return std::strtoull(line.c_str() + kKey.size(), nullptr, 10);
  }
  return 0;
}

}  // namespace

TcpProbeStatistics::TcpProbeStatistics(const TcpProbeObject& object,
                                       metrics::ExporterMetrics& metrics, MappedArray dropped)
    : metrics_(&metrics), dropped_(std::move(dropped)) {
  for (const auto& [name, fd] : object.programs()) programs_.push_back({std::string(name), fd});
  for (const auto& [name, fd] : object.maps()) maps_.push_back({std::string(name), fd});
}

base::Result<TcpProbeStatistics> TcpProbeStatistics::create(const TcpProbeObject& object,
                                                            metrics::ExporterMetrics& metrics) {
  auto dropped =
      MappedArray::create(object.dropped_fd(), std::size_t{RTT_METHODS} * RTT_DROPS, "rtt_dropped");
  if (!dropped) return dropped.error();
  TcpProbeStatistics statistics(object, metrics, std::move(*dropped));
  for (const Reason& reason : kReasons) add_dropped(metrics, reason, 0);
  statistics.measure_maps();
  statistics.update();
  return statistics;
}

TcpProbeStatistics::~TcpProbeStatistics() {
  for (const auto& map : maps_) metrics_->set_gauge(kMapBytes, {{"map", map.name}}, 0);
}

void TcpProbeStatistics::update() {
  for (auto& program : programs_) update_program(program);
  update_dropped();
  update_map_bytes();
}

void TcpProbeStatistics::update_program(Program& program) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program.fd, &info, &length) != 0) return;
  const metrics::Labels labels{{"program", program.name}};
  const auto add = [&](const FamilyInfo& family, std::uint64_t& last, std::uint64_t now,
                       double unit) {
    metrics_->add_counter(family, labels, static_cast<double>(growth(last, now)) * unit);
  };
  add(kRunSeconds, program.run_time_ns, info.run_time_ns, 1e-9);
  add(kRuns, program.runs, info.run_cnt, 1);
  add(kMissedRuns, program.missed_runs, info.recursion_misses, 1);
}

void TcpProbeStatistics::update_dropped() {
  for (const Reason& reason : kReasons) {
    const std::size_t index = std::size_t{reason.program} * RTT_DROPS + reason.reason;
    const std::uint64_t count = growth(dropped_taken_[index], dropped_.load(index));
    if (count > 0) add_dropped(*metrics_, reason, count);
  }
}

void TcpProbeStatistics::measure_maps() {
  for (Map& map : maps_) std::atomic_ref(map.bytes) = map_bytes(map.fd);
}

void TcpProbeStatistics::update_map_bytes() {
  // Each time: an older instance that ends after this one began leaves 0.
  for (Map& map : maps_) {
    const std::uint64_t bytes = std::atomic_ref(map.bytes);
    metrics_->set_gauge(kMapBytes, {{"map", map.name}}, static_cast<double>(bytes));
  }
}

}  // namespace rtt::passive
