// What the programs cost and dropped, as the exporter's own metrics.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bpf/rtt_shared.h"
#include "metrics/exporter_metrics.h"
#include "passive/tcp_probe_mapping.h"
#include "passive/tcp_probe_object.h"

namespace rtt::passive {

/// Counters go on over instances: each adds only its growth.
class TcpProbeStatistics {
 public:
  /// Run times are 0 unless the kernel counts them (bpf_run_time.h). `object` and `metrics` must
  /// outlive it.
  [[nodiscard]] static base::Result<TcpProbeStatistics> create(const TcpProbeObject& object,
                                                               metrics::ExporterMetrics& metrics);
  ~TcpProbeStatistics();
  TcpProbeStatistics(TcpProbeStatistics&&) noexcept = default;
  TcpProbeStatistics& operator=(TcpProbeStatistics&&) = delete;

  void update();
  /// What maps take changes only with the prefixes: to be called when those have changed. May run
  /// beside update().
  void measure_maps();

 private:
  struct Program {
    std::string name;
    int fd;
    std::uint64_t run_time_ns = 0;
    std::uint64_t runs = 0;
    std::uint64_t missed_runs = 0;
  };
  struct Map {
    std::string name;
    int fd;
    std::uint64_t bytes = 0;  // atomic
  };
  TcpProbeStatistics(const TcpProbeObject& object, metrics::ExporterMetrics& metrics,
                     MappedArray dropped);
  void update_program(Program& program);
  void update_dropped();
  void update_map_bytes();

  metrics::ExporterMetrics* metrics_;
  MappedArray dropped_;
  std::array<std::uint64_t, std::size_t{RTT_METHODS} * RTT_DROPS> dropped_taken_{};
  std::vector<Program> programs_;
  std::vector<Map> maps_;
};

}  // namespace rtt::passive
