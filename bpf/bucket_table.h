/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Nanoseconds -> cell of the bucket grid, in a few instructions.
 *
 * The kernel program and a unit test on the user side compile this same function; user space fills
 * the table (tcp_probe_table.h).
 *
 * A cell is the number of bounds below the value. Values are divided into slices: four scales, each
 * with slices 64 times as long as those of the scale before, so that there are at least 16 slices
 * per power of two everywhere between 64 ns and 17 s. The table has the cell of each slice's first
 * value; the answer lies between that and the next slice's, mostly at most one bound further, so
 * that the binary search has next to nothing left to do.
 */
#ifndef RTT_BUCKET_TABLE_H
#define RTT_BUCKET_TABLE_H

#include "bpf/rtt_shared.h"

#define RTT_SCALES 4
#define RTT_SCALE_SHIFT 6   /* each scale's slices are 2^6 times as long as the last one's */
#define RTT_SLICES_SHIFT 10 /* a scale ends at 2^10 of its slices */
#define RTT_SLICES_PER_SCALE \
  ((1u << RTT_SLICES_SHIFT) - (1u << (RTT_SLICES_SHIFT - RTT_SCALE_SHIFT)))
/* The last slice is everything past the last scale; one more entry ends it. */
#define RTT_SLICES \
  (RTT_SLICES_PER_SCALE * RTT_SCALES + (1u << (RTT_SLICES_SHIFT - RTT_SCALE_SHIFT)) + 1)

struct rtt_bucket_table {
  __u64 bounds_ns[RTT_MAX_CELLS]; /* upper bounds, rising; cell_count - 1 of them */
  __u16 first_cell[RTT_SLICES + 1];
  __u32 cell_count;
};

static inline __attribute__((always_inline)) __u32 rtt_slice_of(__u64 value_ns) {
  if (value_ns < 1ull << 16) return (__u32)(value_ns >> 6);
  if (value_ns < 1ull << 22) return RTT_SLICES_PER_SCALE + (__u32)(value_ns >> 12);
  if (value_ns < 1ull << 28) return 2 * RTT_SLICES_PER_SCALE + (__u32)(value_ns >> 18);
  if (value_ns < 1ull << 34) return 3 * RTT_SLICES_PER_SCALE + (__u32)(value_ns >> 24);
  return RTT_SLICES - 1;
}

static inline __attribute__((always_inline)) __u32
rtt_cell_of(const volatile struct rtt_bucket_table* table, __u64 value_ns) {
  __u32 slice = rtt_slice_of(value_ns);
  /* Cannot be, but the verifier wants to hear it, so the compiler must not know. */
  __asm__("" : "+r"(slice));
  if (slice >= RTT_SLICES) return 0;
  __u32 low = table->first_cell[slice];
  __u32 high = table->first_cell[slice + 1];
  for (int step = 0; step < 10 && low < high; ++step) {
    __u32 middle = (low + high) / 2;
    if (table->bounds_ns[middle & (RTT_MAX_CELLS - 1)] < value_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

RTT_STATIC_ASSERT(RTT_SLICES == 4 * 1008 + 17, "the scales join without a gap");

#endif
