// Netlink messages of inet_diag as the kernel would write them, or nearly so.
#pragma once

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "passive/inet_diag_message.h"

namespace rtt::passive {

using Bytes = std::vector<std::byte>;

inline void append(Bytes& bytes, const void* data, std::size_t length) {
  const auto* first = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), first, first + length);
  bytes.resize((bytes.size() + 3) & ~std::size_t{3});
}

inline Bytes attribute(std::uint16_t type, const void* data, std::size_t length) {
  Bytes bytes;
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + length), type};
  append(bytes, &header, sizeof(header));
  append(bytes, data, length);
  return bytes;
}

inline Bytes message(std::uint16_t type, NetlinkAddress address, const Bytes& payload,
                     std::uint16_t flags = NLM_F_MULTI) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(payload.size()));
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = address.sequence;
  header.nlmsg_pid = address.port_id;
  Bytes bytes;
  append(bytes, &header, sizeof(header));
  append(bytes, payload.data(), payload.size());
  return bytes;
}

inline Bytes number(std::int32_t value) {
  Bytes bytes;
  append(bytes, &value, sizeof(value));
  return bytes;
}

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace rtt::passive
