/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* (peer, method, nanoseconds, weight) -> so many more in its cell, and in the sum; or so many more dropped. */
#ifndef RTT_HISTOGRAM_BPF_H
#define RTT_HISTOGRAM_BPF_H

#include "bpf/bucket_table.h"
#include "bpf/kernel_read.bpf.h"
#include "bpf/kernel_types.h"
#include "bpf/rtt_shared.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(key_size, sizeof(__u32));
  __uint(value_size,
         sizeof(struct rtt_row) + sizeof(__u64) * RTT_MAX_CELLS); /* both set before load */
  __uint(max_entries, 1);
} rtt_rows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, RTT_METHODS* RTT_DROPS);
  __type(key, __u32);
  __type(value, __u64);
} rtt_dropped SEC(".maps");

const volatile __u32 peers = 1;      /* rows of one method in one stripe */
const volatile __u32 stripe_mask;    /* stripes - 1; CPUs share stripes when there are fewer */
const volatile __u32 stripe_per_cpu; /* whether none is shared */
const volatile struct rtt_bucket_table bucket_table;

/* A kernel that can cast lets no second run of a program onto a CPU before the first has ended (6.1). Then
 * what nobody else adds to needs no locked instruction.
 */
static __always_inline void add(__u64* to, __u64 value) {
  if (RTT_CAN_CAST && stripe_per_cpu)
    *(volatile __u64*)to += value;
  else
    __sync_fetch_and_add(to, value);
}

static __always_inline void count_sample(__u32 peer, __u32 method, __u64 rtt_ns, __u64 weight) {
  __u32 stripe = bpf_get_smp_processor_id() & stripe_mask;
  __u32 index = (stripe * peers + peer) * RTT_METHODS + method;
  struct rtt_row* row = bpf_map_lookup_elem(&rtt_rows, &index);
  if (!row) return;
  __u32 cell = rtt_cell_of(&bucket_table, rtt_ns);
  if (cell >= bucket_table.cell_count) return;
  *(volatile __u8*)&row->occupied[cell / RTT_GROUP_CELLS] = 1;
  add(&row->cells[cell], weight);
  /* User space takes an unchanged sum for an untouched row. */
  add(&row->sum_ns, (rtt_ns ? rtt_ns : 1) * weight);
}

static __always_inline void count_drop(__u32 method, enum rtt_drop reason, __u64 weight) {
  __u32 index = method * RTT_DROPS + reason;
  __u64* count = bpf_map_lookup_elem(&rtt_dropped, &index);
  if (count) __sync_fetch_and_add(count, weight);
}

#endif
