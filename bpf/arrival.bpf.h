/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* When a received segment came in, on the clock of TCP's send times (CLOCK_MONOTONIC).
 *
 * The kernel stamps a packet when the device hands it over, before the segment waits for a softirq, for
 * a socket that its program holds, or for its place in a batch: what comes after is this host's affair
 * and not the network's. icmp and tcp_echo take the same stamp. It is on CLOCK_REALTIME; user space
 * keeps the difference of the two clocks, which changes only when somebody sets the time. Until user
 * space has seen that, and where a packet has no stamp, the time is now.
 *
 * So a stamp has to be checked against the time. To read the clock costs as much as half of the rest
 * of the program; on a busy CPU it is read once a tick, and a stamp may lie a tick behind that.
 */
#ifndef RTT_ARRIVAL_BPF_H
#define RTT_ARRIVAL_BPF_H

#include "bpf/kernel_types.h"
#include "bpf/state.bpf.h"

/* A segment seldom waits longer, not even for a socket that its program holds. */
#define MAX_STAMP_AGE_NS 100000000ull
#define LONGEST_TICK_NS 10000000ull /* HZ=100 */

static __always_inline __u64 arrival_ns(const struct context* context, const struct sk_buff* skb) {
  struct rtt_cpu* cpu = context->cpu;
  __u64 arrived_ns = skb->tstamp - context->state->realtime_minus_monotonic_ns;
  __u64 tick = bpf_jiffies64();
  __u64 earliest_ns = cpu->clock_now_ns - MAX_STAMP_AGE_NS;
  if (cpu->clock_tick == tick && arrived_ns - earliest_ns <= MAX_STAMP_AGE_NS + LONGEST_TICK_NS)
    return arrived_ns;
  __u64 now_ns = bpf_ktime_get_ns();
  cpu->clock_now_ns = now_ns;
  cpu->clock_tick = tick;
  return now_ns - arrived_ns <= MAX_STAMP_AGE_NS ? arrived_ns : now_ns;
}

#endif
