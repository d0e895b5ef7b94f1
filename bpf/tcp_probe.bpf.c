/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Round trips of this host's own TCP connections, in every network namespace.
 *
 * tcp_probe: the kernel calls it for each segment that an established connection receives, with the
 * socket locked and before the acknowledgement is processed. So what is in flight can be read from
 * the socket: the sample is the segment's arrival minus the sending time of the newest segment that
 * it acknowledges and that was sent only once (Karn's rule).
 *
 * tcp_handshake: the kernel's own RTT of SYN and SYN-ACK (client), or of SYN-ACK and ACK (server).
 */
#include "bpf/arrival.bpf.h"
#include "bpf/classify.bpf.h"
#include "bpf/handover.bpf.h"
#include "bpf/histogram.bpf.h"
#include "bpf/kernel_read.bpf.h"
#include "bpf/owner.bpf.h"
#include "bpf/rtt_shared.h"
#include "bpf/sampling.bpf.h"

/* The kernel knows no name for "GPL-2.0 OR Apache-2.0"; helpers ask for this one. */
char LICENSE[] SEC("license") = "GPL";

#define SENT_MORE_THAN_ONCE (TCPCB_SACKED_RETRANS | TCPCB_EVER_RETRANS | TCPCB_REPAIRED)

static __always_inline bool before(__u32 a, __u32 b) { return (__s32)(a - b) < 0; }

/* The test of the kernel's tcp_sequence(): a stranger who guesses an acknowledgement must guess the
 * sequence number as well.
 */
static __always_inline bool in_receive_window(const struct tcp_sock* tp,
                                              const struct sk_buff* skb) {
  __u32 seq = READ_CB(__u32, skb, seq);
  __u32 rcv_nxt = tp->rcv_nxt;
  if (seq == rcv_nxt) return true;
  __u32 rcv_wup = tp->rcv_wup;
  if (before(READ_CB(__u32, skb, end_seq), rcv_wup)) return false;
  __u32 window_end = rcv_wup + tp->rcv_wnd;
  if (before(window_end, rcv_nxt)) window_end = rcv_nxt;
  return !before(window_end, seq);
}

/* Without SACK, an acknowledgement in recovery may be for what arrived long before the hole was
 * filled.
 */
static __always_inline bool ambiguous(const struct tcp_sock* tp) {
  if (BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok)) return false;
  return BPF_CORE_READ_BITFIELD(tp, inet_conn.icsk_ca_state) >= TCP_CA_Recovery;
}

struct walk {
  __u64 sent_ns; /* 0: nothing found */
  enum rtt_drop why_not;
};

struct segments {
  struct sk_buff* skb;
  struct tcp_skb_cb* cb;
};

static __always_inline struct segments segments_at(struct list_head* position) {
  struct segments at;
  void* start = (void*)position - bpf_core_field_offset(struct sk_buff, tcp_tsorted_anchor);
  at.skb = CAST(struct sk_buff, start);
  at.cb = CAST(struct tcp_skb_cb, (void*)at.skb->cb);
  return at;
}

/* At least one segment of the skb, which may hold several, all sent at one time. */
static __always_inline bool acknowledged(struct tcp_skb_cb* cb, __u32 ack, struct walk* walk) {
  if (!before(ack, READ(cb, end_seq))) return true;
  __u32 length = ack - READ(cb, seq);
  if ((__s32)length <= 0) return false;
  walk->why_not = RTT_DROP_PARTIAL;
  return READ(cb, tcp_gso_segs) > 1 && length >= READ(cb, tcp_gso_size);
}

/* The queue is in the order of sending, retransmissions included; what was SACKed has left it. From
 * the end that is nearer: from the newest, the first acknowledged skb is the answer; from the oldest,
 * the last one before the first that is not.
 */
static __always_inline struct walk newest_acknowledged(const struct tcp_sock* tp, __u32 ack,
                                                       bool from_newest) {
  struct walk walk = {0, RTT_DROP_RETRANSMITTED};
  if (ambiguous(tp)) return walk;
  const struct list_head* end = &tp->tsorted_sent_queue;
  struct list_head* position =
      from_newest ? tp->tsorted_sent_queue.prev : tp->tsorted_sent_queue.next;
  for (int i = 0; i < RTT_MAX_WALK; ++i) {
    if (position == end) return walk;
    struct segments at = segments_at(position);
    position =
        from_newest ? READ(at.skb, tcp_tsorted_anchor.prev) : READ(at.skb, tcp_tsorted_anchor.next);
    if (READ(at.cb, sacked) & SENT_MORE_THAN_ONCE) continue;
    bool found = acknowledged(at.cb, ack, &walk);
    if (found) walk.sent_ns = READ(at.skb, skb_mstamp_ns);
    if (found == from_newest) return walk;
  }
  if (position == end) return walk;
  return (struct walk){0, RTT_DROP_WALK_LIMIT};
}

/* What most acknowledgements of a request or a response are: of the only skb in flight, sent once.
 * Then there is no walk and nothing ambiguous. 0: it is not so.
 */
static __always_inline __u64 sent_alone(const struct tcp_sock* tp, __u32 snd_una) {
  struct list_head* newest = tp->tsorted_sent_queue.prev;
  if (newest == &tp->tsorted_sent_queue) return 0;
  struct segments at = segments_at(newest);
  if (READ(at.cb, seq) != snd_una) return 0;
  if (READ(at.cb, sacked) & SENT_MORE_THAN_ONCE) return 0;
  return READ(at.skb, skb_mstamp_ns);
}

/* Returns RTT_DROPS when *rtt_ns is a sample, and otherwise why there is none. */
static __always_inline enum rtt_drop measure(const struct context* context,
                                             const struct tcp_sock* tp, __u32 snd_una,
                                             const struct sk_buff* skb, __u64* rtt_ns) {
  __u32 ack = READ_CB(__u32, skb, ack_seq);
  __u32 snd_nxt = tp->snd_nxt;
  if (before(snd_nxt, ack) || !in_receive_window(tp, skb)) return RTT_DROP_UNACCEPTABLE;
  __u64 sent_ns = ack == snd_nxt ? sent_alone(tp, snd_una) : 0;
  if (__builtin_expect(!sent_ns, 0)) {
    bool from_newest = snd_nxt - ack < ack - snd_una;
    struct walk walk = newest_acknowledged(tp, ack, from_newest);
    if (!walk.sent_ns) return walk.why_not;
    sent_ns = walk.sent_ns;
  }
  __u64 arrived_ns = arrival_ns(context, skb);
  if (arrived_ns < sent_ns) return RTT_DROP_CLOCK;
  *rtt_ns = arrived_ns - sent_ns;
  return RTT_DROPS;
}

static __always_inline void count_acknowledgement(const struct context* context, struct sock* sk,
                                                  const struct tcp_sock* tp, __u32 snd_una,
                                                  const struct sk_buff* skb) {
  __u64 rtt_ns = 0;
  enum rtt_drop drop = measure(context, tp, snd_una, skb, &rtt_ns);
  if (drop == RTT_DROPS)
    count_sample(row_of(classify(context, sk), sk, context->weight), RTT_TCP_PROBE, rtt_ns,
                 context->weight);
  else
    count_drop(RTT_TCP_PROBE, drop, context->weight);
}

static __always_inline int on_segment(struct sock* sk, struct sk_buff* skb) {
  const struct tcp_sock* tp = tcp_sock_of(sk);
  if (!tp) return 0;
  /* Most segments of a receiver end here. */
  __u32 snd_una = tp->snd_una;
  if (!before(snd_una, READ_CB(__u32, skb, ack_seq))) return 0;
  if ((tcp_flags_of(skb) & (TCPHDR_ACK | TCPHDR_SYN | TCPHDR_RST)) != TCPHDR_ACK) return 0;
  struct context context;
  if (!find_context(&context)) return 0;
  __u64 begin_ns = begin_timing(&context);
  if (counts_here(&context, RTT_TCP_PROBE) && sampled(&context))
    count_acknowledgement(&context, sk, tp, snd_una, skb);
  end_timing(&context, begin_ns);
  return 0;
}

static __always_inline void count_handshake(const struct context* context, struct sock* sk) {
  const struct tcp_sock* tp = bpf_skc_to_tcp_sock(sk);
  if (!tp) return;
  __u32 srtt_us = tp->srtt_us;
  if (tp->total_retrans)
    count_drop(RTT_TCP_HANDSHAKE, RTT_DROP_RETRANSMITTED, 1);
  else if (!srtt_us)
    count_drop(RTT_TCP_HANDSHAKE, RTT_DROP_NO_SAMPLE, 1);
  else
    count_sample(row_of(classify(context, sk), sk, 1), RTT_TCP_HANDSHAKE,
                 (__u64)(srtt_us >> 3) * 1000, 1);
}

static __always_inline int on_established(struct sock* sk) {
  struct context context;
  if (!find_context(&context)) return 0;
  __u64 begin_ns = begin_timing(&context);
  if (counts_here(&context, RTT_TCP_HANDSHAKE)) count_handshake(&context, sk);
  end_timing(&context, begin_ns);
  return 0;
}

/* (struct sock *sk, struct sk_buff *skb) */
SEC("tp_btf/tcp_probe")
int tcp_probe(__u64* arguments) {
  return on_segment((struct sock*)arguments[0], (struct sk_buff*)arguments[1]);
}

/* (const struct sock *sk, int old_state, int new_state) */
SEC("tp_btf/inet_sock_set_state")
int tcp_handshake(__u64* arguments) {
  struct sock* sk = (struct sock*)arguments[0];
  if ((int)arguments[2] != TCP_ESTABLISHED || sk->sk_protocol != IPPROTO_TCP) return 0;
  return on_established(sk);
}
