#include "passive/bpf_run_time.h"

#include <bpf/bpf.h>

namespace rtt::passive {

base::Result<base::UniqueFd> count_bpf_run_time() {
  base::UniqueFd counting(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!counting) return base::errno_error("bpf_enable_stats");
  return counting;
}

}  // namespace rtt::passive
