/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* (peer, socket) -> the row to count in: that of the peer and of who owns the socket, or the peer's.
 *
 * The owner is known by the cgroup that the socket was made in; an accepted socket has that of its
 * listener. User space says which owner each cgroup has. A pair of peer and owner gets a row when it is
 * first seen: one that user space has put into a queue. When there is none, or the cgroup is unknown,
 * the event counts in the peer's row, and is counted as such.
 *
 * A pair that user space takes out leaves its element of the map to the next pair at once, perhaps
 * between the two instructions of a program that find it and read it. So what is found says itself what
 * it is, and is asked after it is read.
 */
#ifndef RTT_OWNER_BPF_H
#define RTT_OWNER_BPF_H

#include "bpf/kernel_types.h"
#include "bpf/rtt_shared.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1); /* set before load */
  __type(key, __u64);
  __type(value, __u32);
} rtt_cgroups SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1); /* set before load */
  __type(key, struct rtt_pair);
  __type(value, struct rtt_pair_row);
} rtt_pairs SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __uint(max_entries, 1); /* set before load */
  __type(value, __u32);
} rtt_free_rows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, RTT_UNLABELLED);
  __type(key, __u32);
  __type(value, __u64);
} rtt_unlabelled SEC(".maps");

const volatile __u32 owner_labels; /* whether owners are told apart at all */

/* Before 5.15 one word holds the pointer, or with its low bits set what net_cls and net_prio want;
 * then nobody knows the cgroup.
 */
static __always_inline __u64 cgroup_of(const struct sock* sk) {
  if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup)) {
    const struct cgroup* cgroup = sk->sk_cgrp_data.cgroup;
    return cgroup ? cgroup->kn->id : 0;
  }
  const struct sock___before_5_15* old = (const void*)sk;
  __u64 word = old->sk_cgrp_data.val;
  if (!word || word & 3) return 0;
  return BPF_CORE_READ((const struct cgroup*)word, kn, id);
}

static __always_inline void count_unlabelled(__u32 reason, __u64 weight) {
  __u64* count = bpf_map_lookup_elem(&rtt_unlabelled, &reason);
  if (count) __sync_fetch_and_add(count, weight);
}

static __always_inline bool find_row(const struct rtt_pair* pair, __u32* row) {
  const volatile struct rtt_pair_row* found = bpf_map_lookup_elem(&rtt_pairs, pair);
  if (!found) return false;
  *row = found->row;
  barrier();
  return found->pair.peer == pair->peer && found->pair.owner == pair->owner;
}

/* Another CPU may be about to do the same: one of them finds that it is done. */
static __always_inline __u32 new_row(const struct rtt_pair* pair, __u64 weight) {
  struct rtt_pair_row mine = {.pair = *pair};
  if (bpf_map_pop_elem(&rtt_free_rows, &mine.row) == 0) {
    if (bpf_map_update_elem(&rtt_pairs, pair, &mine, BPF_NOEXIST) == 0) return mine.row;
    bpf_map_push_elem(&rtt_free_rows, &mine.row, 0);
    __u32 others;
    if (find_row(pair, &others)) return others;
  }
  count_unlabelled(RTT_UNLABELLED_NO_ROOM, weight);
  return pair->peer;
}

static __always_inline __u32 row_of(__u32 peer, const struct sock* sk, __u64 weight) {
  if (!owner_labels) return peer;
  __u64 cgroup = cgroup_of(sk);
  const volatile __u32* owner = bpf_map_lookup_elem(&rtt_cgroups, &cgroup);
  if (!owner) {
    count_unlabelled(RTT_UNLABELLED_UNKNOWN_CGROUP, weight);
    return peer;
  }
  struct rtt_pair pair = {.peer = peer, .owner = *owner};
  if (pair.owner == RTT_OWNER_NOBODY) return peer;
  __u32 row;
  return find_row(&pair, &row) ? row : new_row(&pair, weight);
}

#endif
