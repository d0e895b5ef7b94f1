/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What is read in one way on new kernels and in another on old ones.
 *
 * bpf_rdonly_cast() (kernel 6.2) gives a pointer whose type the verifier does not know a type, and a read
 * through it is then one load. Before 6.2 every read is a call of bpf_probe_read_kernel(). The programs are
 * compiled twice, once for each; the loader takes the object that the kernel takes. Two objects, because
 * libbpf looks for a function that the kernel lacks in its modules, too, which takes CAP_SYS_ADMIN.
 */
#ifndef RTT_KERNEL_READ_BPF_H
#define RTT_KERNEL_READ_BPF_H

#include "bpf/kernel_types.h"

#ifndef RTT_CAN_CAST
#define RTT_CAN_CAST 1
#endif

#if RTT_CAN_CAST

extern void* bpf_rdonly_cast(const void* object, __u32 btf_id) __ksym __weak;

#define CAST(type, pointer) ((type*)bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(type)))
#define READ(pointer, field) ((pointer)->field)

static __always_inline const struct tcp_sock* tcp_sock_of(struct sock* sk) {
  return CAST(struct tcp_sock, sk);
}

#else

#define CAST(type, pointer) ((type*)(pointer))
#define READ(pointer, field)                               \
  ({                                                       \
    __typeof__(pointer) from_ = (pointer);                 \
    __typeof__(from_->field) value_;                       \
    bpf_core_read(&value_, sizeof(value_), &from_->field); \
    value_;                                                \
  })

static __always_inline const struct tcp_sock* tcp_sock_of(struct sock* sk) {
  return bpf_skc_to_tcp_sock(sk);
}

#endif

/* A field of the control block that TCP keeps in a received skb: the verifier knows skb->cb as
 * plain bytes, so no cast is needed.
 */
#define READ_CB(type, skb, field) READ_CB_OF(struct tcp_skb_cb, type, skb, field)
#define READ_CB_OF(structure, type, skb, field) \
  (*(const type*)((skb)->cb + bpf_core_field_offset(structure, field)))

/* The loader refuses a load of another width than the type has that it was compiled with. */
static __always_inline __u16 tcp_flags_of(const struct sk_buff* skb) {
  if (bpf_core_field_size(((struct tcp_skb_cb*)0)->tcp_flags) == 1)
    return READ_CB_OF(struct tcp_skb_cb___8_bit_flags, __u8, skb, tcp_flags);
  return READ_CB(__u16, skb, tcp_flags);
}

#endif
