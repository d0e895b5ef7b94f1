// One instance of the BPF object by itself, without the source around it: for what only its maps show.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "bpf/rtt_shared.h"
#include "passive/tcp_probe_handover.h"
#include "passive/tcp_probe_object.h"

namespace rtt::bpf_test {

/// Attached from the constructor on; counts as `hand_over` has it. Peer 1 is `server`.
class Instance {
 public:
  Instance(const passive::HandOver& hand_over, std::uint32_t generation, const std::string& server);

  struct Row {
    std::uint64_t samples = 0;
    std::uint64_t sum_ns = 0;
  };
  /// Of peer 1.
  [[nodiscard]] Row row(rtt_method method) const;

 private:
  passive::TcpProbeLayout layout_;
  std::unique_ptr<passive::TcpProbeObject> object_;
};

}  // namespace rtt::bpf_test
