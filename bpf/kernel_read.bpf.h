/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Reading through pointers whose type the verifier does not know.
 *
 * bpf_rdonly_cast() (kernel 6.2) gives such a pointer a type, and a read is then one load.
 * Before 6.2 every read is a call of bpf_probe_read_kernel(). `can_cast` is a constant in each
 * program, so none of them contains the other way; the loader chooses the program.
 */
#ifndef RTT_KERNEL_READ_BPF_H
#define RTT_KERNEL_READ_BPF_H

#include "bpf/kernel_types.h"

extern void* bpf_rdonly_cast(const void* object, __u32 btf_id) __ksym __weak;

#define CAST(can_cast, type, pointer) \
  ((can_cast) ? (type*)bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(type)) : (type*)(pointer))

#define READ(can_cast, pointer, field)                       \
  ({                                                         \
    __typeof__(pointer) from_ = (pointer);                   \
    __typeof__(from_->field) value_;                         \
    if (can_cast)                                            \
      value_ = from_->field;                                 \
    else                                                     \
      bpf_core_read(&value_, sizeof(value_), &from_->field); \
    value_;                                                  \
  })

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
