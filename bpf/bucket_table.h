/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Nanoseconds -> cell of the bucket grid, in a few instructions.
 *
 * The kernel program and a unit test on the user side compile this same function; user space fills
 * the table (tcp_probe_table.h).
 *
 * A cell is the number of bounds below the value. Values are divided into slices: nine scales, each
 * with slices 8 times as long as those of the scale before, so that there are at least 16 slices
 * per power of two everywhere between 128 ns and 17 s. The table has the cell of each slice's first
 * value; the answer lies between that and the next slice's, mostly at most one bound further, so
 * that the binary search has next to nothing left to do.
 *
 * With the default buckets all that is read lies within one page.
 */
#ifndef RTT_BUCKET_TABLE_H
#define RTT_BUCKET_TABLE_H

#include "bpf/rtt_shared.h"

#define RTT_SCALES 9
#define RTT_SCALE_SHIFT 3  /* each scale's slices are 2^3 times as long as the last one's */
#define RTT_SLICES_SHIFT 7 /* a scale ends at 2^7 of its slices */
#define RTT_SLICES_PER_SCALE \
  ((1u << RTT_SLICES_SHIFT) - (1u << (RTT_SLICES_SHIFT - RTT_SCALE_SHIFT)))
/* The last slice is everything past the last scale; one more entry ends it. */
#define RTT_SLICES \
  (RTT_SLICES_PER_SCALE * RTT_SCALES + (1u << (RTT_SLICES_SHIFT - RTT_SCALE_SHIFT)) + 1)

struct rtt_bucket_table {
  __u32 cell_count;
  __u16 first_cell[RTT_SLICES + 1];
  __u64 bounds_ns[RTT_MAX_CELLS]; /* upper bounds, rising; cell_count - 1 of them */
};

/* The slice of a value below the end of the scale. */
#define RTT_SLICE_IN(scale, value) \
  (RTT_SLICES_PER_SCALE * (scale) + (__u32)((value) >> (RTT_SCALE_SHIFT * ((scale) + 1))))
#define RTT_END_OF(scale) (1ull << (RTT_SLICES_SHIFT + RTT_SCALE_SHIFT * ((scale) + 1)))

static inline __attribute__((always_inline)) __u32 rtt_slice_of(__u64 value_ns) {
  if (value_ns < RTT_END_OF(4)) {
    if (value_ns < RTT_END_OF(2)) {
      if (value_ns < RTT_END_OF(0)) return RTT_SLICE_IN(0, value_ns);
      if (value_ns < RTT_END_OF(1)) return RTT_SLICE_IN(1, value_ns);
      return RTT_SLICE_IN(2, value_ns);
    }
    if (value_ns < RTT_END_OF(3)) return RTT_SLICE_IN(3, value_ns);
    return RTT_SLICE_IN(4, value_ns);
  }
  if (value_ns < RTT_END_OF(6)) {
    if (value_ns < RTT_END_OF(5)) return RTT_SLICE_IN(5, value_ns);
    return RTT_SLICE_IN(6, value_ns);
  }
  if (value_ns < RTT_END_OF(7)) return RTT_SLICE_IN(7, value_ns);
  if (value_ns < RTT_END_OF(8)) return RTT_SLICE_IN(8, value_ns);
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

RTT_STATIC_ASSERT(RTT_SLICES == 9 * 112 + 17, "the scales join without a gap");
RTT_STATIC_ASSERT(RTT_END_OF(8) == 1ull << 34, "the last scale ends at 17 s");

#endif
