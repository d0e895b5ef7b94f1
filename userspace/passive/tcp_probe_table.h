// The bucket grid as the kernel program looks it up (bpf/bucket_table.h).
#pragma once

#include "bpf/bucket_table.h"
#include "metrics/bucket_grid.h"

namespace rtt::passive {

/// rtt_cell_of() on the result equals grid.cell_of() for every value.
void fill_bucket_table(const metrics::BucketGrid& grid, rtt_bucket_table& table);

}  // namespace rtt::passive
