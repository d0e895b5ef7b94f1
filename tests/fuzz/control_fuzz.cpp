// Control data of received messages (cmsg(3)) with any content, laid out and cut off as the kernel does it (put_cmsg() in
// net/core/scm.c): timestamps, hop limits and error reports are read within it, or not at all.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "fuzz/input.h"
#include "probers/timestamps.h"

namespace {

struct Kind {
  int level;
  int type;
};
constexpr std::array<Kind, 7> kKinds = {{{SOL_SOCKET, SO_TIMESTAMPING},
                                         {SOL_IP, IP_TTL},
                                         {SOL_IPV6, IPV6_HOPLIMIT},
                                         {SOL_IP, IP_RECVERR},
                                         {SOL_IPV6, IPV6_RECVERR},
                                         {SOL_SOCKET, SCM_RIGHTS},
                                         {SOL_IP, IP_PKTINFO}}};

// False: there is no room for more.
bool put(std::vector<std::uint8_t>& control, std::size_t room, const Kind& kind,
         std::span<const std::uint8_t> content) {
  if (room < control.size() + sizeof(cmsghdr)) return false;
  cmsghdr header{};
  header.cmsg_len = std::min(CMSG_LEN(content.size()), room - control.size());
  header.cmsg_level = kind.level;
  header.cmsg_type = kind.type;
  const std::size_t begin = control.size();
  control.resize(std::min(room, begin + CMSG_SPACE(content.size())));
  std::memcpy(&control[begin], &header, sizeof header);
  std::copy_n(content.begin(), header.cmsg_len - sizeof header,
              control.begin() + static_cast<std::ptrdiff_t>(begin + sizeof header));
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rtt::fuzz::Input input(data, size);
  const std::size_t room = input.u8();
  std::vector<std::uint8_t> control;
  bool more = true;
  while (more && !input.empty()) {
    const Kind& kind = kKinds[input.u8() % kKinds.size()];
    more = put(control, room, kind, input.bytes(input.u8() % 80));
  }
  control.shrink_to_fit();  // so that a read past its end is seen
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto parsed = rtt::probers::parse_control(message);
  rtt::fuzz::require(!parsed.offender || parsed.error);
  return 0;
}
