// The kernel's statistics of BPF programs: how often they run, and how long.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::passive {

/// The kernel counts as long as the descriptor is open, for every BPF program of the host, which
/// costs each run some 40 ns. Error: it takes CAP_SYS_ADMIN, or Linux 5.8.
[[nodiscard]] base::Result<base::UniqueFd> count_bpf_run_time();

}  // namespace rtt::passive
