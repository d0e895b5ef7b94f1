/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Socket -> peer: the longest prefix of the remote address, then the local port, then "other". The
 * kernel's twin of userspace/targets/classifier.h.
 *
 * A direct-mapped table per CPU in front of the trie remembers what the trie said of an address. An
 * entry holds for the generation of prefixes that it was asked of. User space changes the prefixes,
 * waits until no program runs that may have seen the old ones, and then raises the generation: so
 * an old answer is never stored under the new number.
 *
 * Programs can meet in one CPU's table: an interrupt brings another program, or (before 6.1) the
 * same one. The later one then runs to its end before the first goes on, so a plain mark is enough
 * to keep it out: who finds the mark asks the trie, and neither reads nor writes the table.
 */
#ifndef RTT_CLASSIFY_BPF_H
#define RTT_CLASSIFY_BPF_H

#include "bpf/kernel_types.h"
#include "bpf/state.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20); /* costs nothing until used */
  __type(key, struct rtt_prefix_key);
  __type(value, __u32);
} rtt_prefixes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1); /* set before load */
  __type(key, __u32);
  __type(value, __u32);
} rtt_local_ports SEC(".maps");

const volatile __u32 any_local_ports;

struct address {
  __u64 high, low; /* as in memory: network order */
};

static __always_inline bool remote_address(const struct sock* sk, struct address* address) {
  const struct sock_common* common = &sk->__sk_common;
  if (common->skc_family == AF_INET) {
    address->high = 0;
    address->low = bpf_cpu_to_be64(0xffffull << 32 | bpf_ntohl(common->skc_daddr));
    return true;
  }
  if (common->skc_family != AF_INET6) return false;
  const __u64* words = (const __u64*)&common->skc_v6_daddr;
  address->high = words[0];
  address->low = words[1];
  return true;
}

static __always_inline __u32 ask_trie(const struct address* address) {
  struct rtt_prefix_key key = {.length = 128};
  __builtin_memcpy(&key.address[0], &address->high, 8);
  __builtin_memcpy(&key.address[8], &address->low, 8);
  const volatile __u32* peer = bpf_map_lookup_elem(&rtt_prefixes, &key);
  return peer ? *peer : RTT_PEER_NONE;
}

static __always_inline __u32 cache_index(const struct address* address) {
  __u64 mixed = (address->high * 0x9e3779b97f4a7c15ull ^ address->low) * 0xd6e8feb86659fd93ull;
  return mixed >> (64 - RTT_CACHE_BITS);
}

static __always_inline __u32 peer_of_address(const struct context* context,
                                             const struct address* address) {
  struct rtt_cpu* cpu = context->cpu;
  volatile __u32* in_use = &cpu->cache_in_use;
  if (*in_use) return ask_trie(address);
  *in_use = 1;
  barrier();
  struct rtt_cache_entry* entry = &cpu->cache[cache_index(address) & (RTT_CACHE_ENTRIES - 1)];
  __u32 generation_now = context->state->prefix_generation;
  __u32 peer = entry->peer;
  if (entry->address[1] != address->low || entry->address[0] != address->high ||
      entry->generation != generation_now) {
    peer = ask_trie(address);
    entry->address[0] = address->high;
    entry->address[1] = address->low;
    entry->generation = generation_now;
    entry->peer = peer;
  }
  barrier();
  *in_use = 0;
  return peer;
}

static __always_inline __u32 classify(const struct context* context, const struct sock* sk) {
  struct address address;
  __u32 peer = RTT_PEER_NONE;
  if (remote_address(sk, &address)) peer = peer_of_address(context, &address);
  if (peer != RTT_PEER_NONE) return peer;
  if (!any_local_ports) return RTT_PEER_OTHER;
  __u32 port = sk->__sk_common.skc_num;
  const volatile __u32* named = bpf_map_lookup_elem(&rtt_local_ports, &port);
  return named ? *named : RTT_PEER_OTHER;
}

#endif
