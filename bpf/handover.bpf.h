/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Which of the attached instances counts an event: exactly one of them, also while they change.
 *
 * A reload attaches the next instance's programs beside the present one's, so that every event runs
 * both, the older first (tracepoints call in the order of attachment). A single switch would not
 * do: turned between the two, it doubles the event. So it is turned in two steps, with an RCU grace
 * period between them, which no event outlasts:
 *
 *   from == to == old   the old instance counts.
 *   from old, to new    the old one does not count but passes the event on; the new one counts what
 *                       was passed. An event that began before this step was counted and not passed.
 *   from == to == new   the new instance counts. An event that began before this step was passed.
 *
 * What is passed is a number per CPU, not a flag: an interrupt may bring whole events between the
 * two programs of one.
 */
#ifndef RTT_HANDOVER_BPF_H
#define RTT_HANDOVER_BPF_H

#include "bpf/kernel_types.h"
#include "bpf/state.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, RTT_METHODS);
  __type(key, __u32);
  __type(value, __u64);
} rtt_passed SEC(".maps");

const volatile __u32 generation;

static __always_inline bool hand_over(struct rtt_switch now, __u32 program) {
  __u64* passed = bpf_map_lookup_elem(&rtt_passed, &program);
  if (!passed) return false;
  if (now.from == generation) {
    *passed += 1;
    return false;
  }
  if (now.to != generation || *passed == 0) return false;
  *passed -= 1;
  return true;
}

static __always_inline bool counts_here(const struct context* context, __u32 program) {
  union {
    __u64 word;
    struct rtt_switch fields;
  } now = {.word = *(const volatile __u64*)&context->state->counting},
    mine = {.fields = {generation, generation}};
  if (__builtin_expect(now.word == mine.word, 1)) return true;
  return hand_over(now.fields, program);
}

#endif
