/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The parts of kernel structures that the programs read. The loader moves every access to where the
 * running kernel has the field (CO-RE), so order, size and neighbours do not matter here; names do.
 * Also brings libbpf's helpers.
 */
#ifndef RTT_KERNEL_TYPES_H
#define RTT_KERNEL_TYPES_H

/* libbpf's headers want the types of the first one. */
/* clang-format off */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
/* clang-format on */

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define TCP_ESTABLISHED 1

/* include/net/tcp.h */
#define TCPHDR_SYN 0x02
#define TCPHDR_RST 0x04
#define TCPHDR_ACK 0x10
#define TCPCB_SACKED_RETRANS 0x02
#define TCPCB_REPAIRED 0x10
#define TCPCB_EVER_RETRANS 0x80
/* include/uapi/linux/tcp.h, enum tcp_ca_state */
#define TCP_CA_Recovery 3

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
  struct list_head* next;
  struct list_head* prev;
};

struct in6_addr {
  union {
    __u8 u6_addr8[16];
  } in6_u;
};

struct sock_common {
  __be32 skc_daddr;
  __u16 skc_num; /* local port, host byte order */
  unsigned short skc_family;
  struct in6_addr skc_v6_daddr;
};

struct kernfs_node {
  __u64 id;
};

struct cgroup {
  struct kernfs_node* kn;
};

struct sock_cgroup_data {
  struct cgroup* cgroup;
};

struct sock {
  struct sock_common __sk_common;
  __u16 sk_protocol;
  struct sock_cgroup_data sk_cgrp_data;
};

/* What comes after three underscores, the loader does not read. */
struct sock_cgroup_data___before_5_15 {
  __u64 val;
};

struct sock___before_5_15 {
  struct sock_cgroup_data___before_5_15 sk_cgrp_data;
};

struct inet_connection_sock {
  __u8 icsk_ca_state : 5;
};

struct tcp_options_received {
  __u16 sack_ok : 3;
};

struct tcp_sock {
  struct inet_connection_sock inet_conn;
  struct tcp_options_received rx_opt;
  struct list_head tsorted_sent_queue;
  __u32 rcv_nxt;
  __u32 rcv_wup;
  __u32 rcv_wnd;
  __u32 snd_una;
  __u32 snd_nxt;
  __u32 srtt_us; /* times 8 */
  __u32 total_retrans;
};

struct sk_buff {
  __u64 skb_mstamp_ns; /* of a sent one */
  __s64 tstamp;        /* of a received one: CLOCK_REALTIME, or 0 */
  char cb[48];
  struct list_head tcp_tsorted_anchor;
};

struct tcp_skb_cb {
  __u32 seq;
  __u32 end_seq;
  __u16 tcp_gso_segs;
  __u16 tcp_gso_size;
  __u16 tcp_flags;
  __u8 sacked;
  __u32 ack_seq;
};

/* Before 6.15. */
struct tcp_skb_cb___8_bit_flags {
  __u8 tcp_flags;
};

#pragma clang attribute pop

#endif
