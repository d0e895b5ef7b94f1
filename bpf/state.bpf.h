/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What every event looks at beside the socket and its row. */
#ifndef RTT_STATE_BPF_H
#define RTT_STATE_BPF_H

#include "bpf/kernel_types.h"
#include "bpf/rtt_shared.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct rtt_state);
} rtt_state SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct rtt_cpu);
} rtt_cpu SEC(".maps");

struct context {
  const volatile struct rtt_state* state;
  struct rtt_cpu* cpu;
  __u64 weight; /* of the event, see sampling.bpf.h */
};

/* Looked up once per event. Always succeeds, but the verifier wants to hear it. */
static __always_inline bool find_context(struct context* context) {
  __u32 zero = 0;
  context->state = bpf_map_lookup_elem(&rtt_state, &zero);
  context->cpu = bpf_map_lookup_elem(&rtt_cpu, &zero);
  return context->state && context->cpu;
}

#endif
