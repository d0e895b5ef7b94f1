/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What no program of its kind can do without: the reads of the socket that a sample is made of, and
 * nothing else. The kernel reads the same lines a moment later, so who reads them first pays for
 * their way from the other CPU's cache.
 */
#include "bpf/kernel_read.bpf.h"
#include "bpf/kernel_types.h"

char LICENSE[] SEC("license") = "GPL";

/* Of tcprtt: the smoothed RTT. */
SEC("tp_btf/tcp_probe")
int smoothed(__u64* arguments) { return CAST(struct tcp_sock, (void*)arguments[0])->srtt_us; }

/* Of ours: what is acknowledged, the newest skb in flight, and when that was sent. */
SEC("tp_btf/tcp_probe")
int newest_sent(__u64* arguments) {
  const struct tcp_sock* tp = CAST(struct tcp_sock, (void*)arguments[0]);
  struct list_head* newest = tp->tsorted_sent_queue.prev;
  if (newest == &tp->tsorted_sent_queue) return tp->snd_una;
  void* start = (void*)newest - bpf_core_field_offset(struct sk_buff, tcp_tsorted_anchor);
  return CAST(struct sk_buff, start)->skb_mstamp_ns + tp->snd_una;
}
