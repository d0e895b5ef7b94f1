/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What the programs cost, and how they cost less: past a limit that user space keeps, one acknowledgement in
 * n counts, with the weight n. Handshakes always count: they are few, and of a rare connection all there is.
 *
 * Which one is drawn, because every n-th of two connections that take turns is always the same one's.
 * So the expectation of every count and sum is what it is without sampling, whatever the pattern of the
 * events and however often n changes.
 *
 * The programs time themselves, because the kernel's run-time statistics take CAP_SYS_ADMIN and cost as
 * much as a third of what they measure. One run in RTT_TIMED_ONE_IN is timed (a prime, for the same
 * reason as above). Not timed is what ends before it has looked up its context: a few nanoseconds that
 * sampling could not save.
 */
#ifndef RTT_SAMPLING_BPF_H
#define RTT_SAMPLING_BPF_H

#include "bpf/kernel_types.h"
#include "bpf/state.bpf.h"

/* What takes longer was interrupted. */
#define LONGEST_RUN_NS 10000ull

/* 0: this run is not timed. */
static __always_inline __u64 begin_timing(const struct context* context) {
  struct rtt_cpu* cpu = context->cpu;
  if (__builtin_expect(cpu->runs_until_timed != 0, 1)) {
    --cpu->runs_until_timed;
    return 0;
  }
  cpu->runs_until_timed = RTT_TIMED_ONE_IN - 1;
  return bpf_ktime_get_ns();
}

static __always_inline void end_timing(const struct context* context, __u64 begin_ns) {
  if (__builtin_expect(!begin_ns, 1)) return;
  __u64 took_ns = bpf_ktime_get_ns() - begin_ns;
  if (took_ns > LONGEST_RUN_NS) took_ns = LONGEST_RUN_NS;
  __sync_fetch_and_add((__u64*)&context->state->timed_ns, took_ns);
}

/* Whether the event counts; then context->weight says for how many. */
static __always_inline bool sampled(struct context* context) {
  __u64 interval = context->state->sampling_interval;
  context->weight = interval;
  return __builtin_expect(interval == 1, 1) || (bpf_get_prandom_u32() & (interval - 1)) == 0;
}

#endif
