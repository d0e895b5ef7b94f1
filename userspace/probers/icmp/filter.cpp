#include "probers/icmp/filter.h"

#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <span>

namespace rtt::probers::icmp {
namespace {

constexpr std::uint32_t kAccept = 0xffffffff;

// Loads past the end of a packet end a program with 0: dropped.
base::Result<void> attach(int fd, std::span<sock_filter> code) {
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    return base::errno_error("cannot attach the filter of an ICMP socket");
  }
  return {};
}

base::Result<void> attach_v4(int fd, std::uint16_t identifier) {
  icmp_filter types{.data = ~(1U << ICMP_ECHOREPLY | 1U << ICMP_DEST_UNREACH |
                              1U << ICMP_TIME_EXCEEDED | 1U << ICMP_PARAMETERPROB)};
  if (setsockopt(fd, SOL_RAW, ICMP_FILTER, &types, sizeof types) != 0) {
    return base::errno_error("cannot set ICMP_FILTER");
  }
  // A raw IPv4 socket's filter sees the packet from its IP header on.
  sock_filter code[] = {
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),  // X = bytes of the IP header
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ECHOREPLY, 0, 3),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, identifier, 8, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 8),  // X += bytes of the quoted IP header
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
      BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 8 + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, identifier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kAccept),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  return attach(fd, code);
}

base::Result<void> attach_v6(int fd, std::uint16_t identifier) {
  icmp6_filter types;
  ICMP6_FILTER_SETBLOCKALL(&types);
  for (const int type : {ICMP6_ECHO_REPLY, ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG,
                         ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB}) {
    ICMP6_FILTER_SETPASS(type, &types);
  }
  if (setsockopt(fd, SOL_ICMPV6, ICMP6_FILTER, &types, sizeof types) != 0) {
    return base::errno_error("cannot set ICMP6_FILTER");
  }
  // A raw IPv6 socket's filter sees the packet from its ICMP header on; an error quotes at 8.
  constexpr std::uint32_t kQuotedNextHeader = 8 + 6;
  constexpr std::uint32_t kQuotedIdentifier = 8 + 40 + 4;
  constexpr std::uint32_t kFragmentHeaderBytes = 8;
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6_ECHO_REPLY, 0, 2),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, identifier, 6, 7),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kQuotedNextHeader),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_FRAGMENT, 0, 2),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kQuotedIdentifier + kFragmentHeaderBytes),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, identifier, 2, 3),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kQuotedIdentifier),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, identifier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kAccept),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  return attach(fd, code);
}

}  // namespace

base::Result<void> attach_filters(int fd, int family, std::uint16_t identifier) {
  return family == AF_INET ? attach_v4(fd, identifier) : attach_v6(fd, identifier);
}

}  // namespace rtt::probers::icmp
