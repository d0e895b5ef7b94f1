/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What the kernel side and the user side of the TCP probe agree on: map layouts, limits, enums.
 *
 * Both sides compile this one header, so nothing is kept in step by hand. Values are in host byte
 * order unless the name ends in _be; times are nanoseconds of CLOCK_MONOTONIC.
 *
 * The contract, map by map:
 *   rtt_rows         the histograms. Row (stripe * peers + peer) * RTT_METHODS + method is
 *                    {sum_ns, occupied[], cells[]}. A program marks the cell's group as occupied,
 *                    then adds to the cell and then to the sum; nothing is ever taken back. User
 *                    space only reads, in the other direction, and takes what has grown since it
 *                    last did. So no count is ever lost, a row whose sum stands has nothing new that
 *                    is complete, and cells of a group that is not marked need not be looked at.
 *                    Behind the peers' rows come those of owners, which count as if peers were more.
 *   rtt_cgroups      hash: cgroup id (__u64) -> owner (__u32), which user space writes.
 *   rtt_pairs        hash: rtt_pair -> rtt_pair_row. A program adds, user space takes out.
 *   rtt_free_rows    queue of rows (__u32) for new pairs. A row is in it, or in one pair, or on its way.
 *   rtt_unlabelled   __u64 per rtt_unlabelled_reason; only ever grows.
 *   rtt_prefixes     longest-prefix trie: rtt_prefix_key -> peer (__u32).
 *   rtt_local_ports  hash: port (__u32) -> peer (__u32).
 *   rtt_cpu          what a CPU remembers: when it last read the clock (arrival.bpf.h), and what
 *                    rtt_prefixes said of an address (classify.bpf.h).
 *   rtt_dropped      __u64 per [program][reason]; only ever grows.
 *   rtt_state        struct rtt_state. Programs write only to what says so. Shared by all instances.
 *   rtt_passed       events handed from one instance to the next. Shared by all instances.
 *
 * Much of the cost of a program that runs between two system calls is the first touch of each page: what
 * one event needs lies on as few pages as can be.
 */
#ifndef RTT_SHARED_H
#define RTT_SHARED_H

#include <linux/types.h>

#ifdef __cplusplus
#define RTT_STATIC_ASSERT static_assert
#else
#define RTT_STATIC_ASSERT _Static_assert
#endif

enum rtt_method { RTT_TCP_PROBE, RTT_TCP_HANDSHAKE, RTT_METHODS };

/* Why an acknowledgement or a handshake that might have been an observation is none. */
enum rtt_drop {
  RTT_DROP_RETRANSMITTED, /* Karn: which transmission was answered is not known */
  RTT_DROP_UNACCEPTABLE,  /* acknowledges what was never sent, or lies outside the receive window */
  RTT_DROP_PARTIAL,       /* acknowledges a part of one segment */
  RTT_DROP_WALK_LIMIT,    /* more than RTT_MAX_WALK segments to look at */
  RTT_DROP_CLOCK,         /* sent in the future */
  RTT_DROP_NO_SAMPLE,     /* the kernel did not time this handshake, as with SYN cookies */
  RTT_DROPS
};

/* Peer 0: what no prefix and no local port names. */
#define RTT_PEER_OTHER 0u
#define RTT_PEER_NONE 0xffffffffu

/* The owner of sockets without one: they count in their peer's own row. */
#define RTT_OWNER_NOBODY 0u
/* Cgroups that user space tells the kernel of. */
#define RTT_MAX_CGROUPS 32768u

/* Why an event counts in its peer's own row though owners are told apart. */
enum rtt_unlabelled_reason {
  RTT_UNLABELLED_UNKNOWN_CGROUP,
  RTT_UNLABELLED_NO_ROOM, /* no row is free */
  RTT_UNLABELLED
};

/* Segments looked at per acknowledgement. */
#define RTT_MAX_WALK 64

#define RTT_MAX_CELLS 512
/* Cells that share a mark: two cache lines. */
#define RTT_GROUP_CELLS 16
#define RTT_GROUPS (RTT_MAX_CELLS / RTT_GROUP_CELLS)

/* Of the runs that get as far as to look for a sample. */
#define RTT_TIMED_ONE_IN 251

#define RTT_CACHE_BITS 10
#define RTT_CACHE_ENTRIES (1u << RTT_CACHE_BITS)

/* Rows are a multiple of a cache line long, so that sum and marks lie in one. A mark is a byte: to set
 * it is a plain store, which needs no atomic instruction however many CPUs share the row.
 */
struct rtt_row {
  __u64 sum_ns;
  __u8 occupied[RTT_GROUPS]; /* 1: a cell of the group may not be 0 */
  __u64 cells[];             /* whole groups; those past the grid's last cell stay 0 */
};

struct rtt_pair {
  __u32 peer;
  __u32 owner;
};

struct rtt_pair_row {
  struct rtt_pair pair; /* once more, see owner.bpf.h */
  __u32 row;
};

struct rtt_prefix_key {
  __u32 length; /* 0 to 128; IPv4 /n is 96 + n */
  __u8 address[16];
};

struct rtt_cache_entry {
  __u64 address[2]; /* 16 bytes in network order */
  __u32 generation; /* of the prefixes that were asked; 0: empty */
  __u32 peer;       /* RTT_PEER_NONE: no prefix names the address */
};

struct rtt_cpu {
  __u64 clock_tick;   /* of the last reading of the clock, in jiffies */
  __u64 clock_now_ns; /* what it read */
  __u32 cache_in_use;
  __u32 runs_until_timed; /* see sampling.bpf.h */
  struct rtt_cache_entry cache[RTT_CACHE_ENTRIES];
};

/* One 64-bit word, so that it is read and written at once. Generations start at 1. */
struct rtt_switch {
  __u32 from; /* the instance that counted up to here */
  __u32 to;   /* the instance that counts from here on; equal to `from` but during a hand-over */
};

struct rtt_state {
  struct rtt_switch counting; /* see handover.bpf.h */
  __s64 realtime_minus_monotonic_ns;
  __u64 prefix_generation; /* rises when answers of rtt_prefixes may have changed */
  __u64 sampling_interval; /* one ACK in so many counts, with that weight; a power of two */
  /* What the timed runs of all programs took. Written by programs, so a cache line away from the rest. */
  __u64 padding[12];
  __u64 timed_ns;
};

RTT_STATIC_ASSERT(sizeof(struct rtt_row) == 40, "rows are packed");
RTT_STATIC_ASSERT(sizeof(struct rtt_pair_row) == 12, "no padding");
RTT_STATIC_ASSERT(sizeof(struct rtt_prefix_key) == 20, "as the LPM trie wants it");
RTT_STATIC_ASSERT(sizeof(struct rtt_cache_entry) == 24, "no padding");
RTT_STATIC_ASSERT(sizeof(struct rtt_cpu) <= 32768, "the limit of a per-CPU map value");
RTT_STATIC_ASSERT(sizeof(struct rtt_switch) == 8, "one word");
RTT_STATIC_ASSERT(sizeof(struct rtt_state) == 136, "whole words");

#endif
