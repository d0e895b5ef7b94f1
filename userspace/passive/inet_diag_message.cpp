#include "passive/inet_diag_message.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace rtt::passive {
namespace {

using Bytes = std::span<const std::byte>;

// Of the kernel's enum in include/net/tcp_states.h; netinet/tcp.h has them too, but cannot be
// included beside linux/tcp.h.
constexpr std::uint32_t kEstablished = 1;
constexpr std::uint32_t kSynSent = 2;
constexpr std::uint32_t kFinWait1 = 4;
constexpr std::uint32_t kFinWait2 = 5;
constexpr std::uint32_t kCloseWait = 8;
constexpr std::uint32_t kLastAck = 9;
constexpr std::uint32_t kClosing = 11;

template <typename T>
std::optional<T> read(Bytes bytes, std::size_t offset = 0) {
  if (bytes.size() < offset || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

constexpr std::size_t aligned(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

Bytes after(Bytes bytes, std::size_t length) {
  return bytes.subspan(std::min(aligned(length), bytes.size()));
}

template <typename Payload>
std::vector<std::byte> request(std::uint16_t type, NetlinkAddress address, const Payload& payload) {
  nlmsghdr header{};
  header.nlmsg_len = NLMSG_LENGTH(sizeof(Payload));
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = address.sequence;
  header.nlmsg_pid = address.port_id;
  std::vector<std::byte> bytes(NLMSG_SPACE(sizeof(Payload)));
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + NLMSG_HDRLEN, &payload, sizeof(Payload));
  return bytes;
}

std::optional<base::IpAddress> remote_address(const inet_diag_msg& message) {
  if (message.idiag_family == AF_INET) {
    return base::IpAddress(in_addr{message.id.idiag_dst[0]});
  }
  if (message.idiag_family != AF_INET6) return std::nullopt;
  in6_addr address;
  std::memcpy(&address, message.id.idiag_dst, sizeof(address));
  return base::IpAddress(address);
}

std::uint32_t field(Bytes tcp_info, std::size_t offset) {
  return read<std::uint32_t>(tcp_info, offset).value_or(0);
}

void read_tcp_info(Bytes info, TcpSocketInfo& socket) {
  socket.srtt_us = field(info, offsetof(tcp_info, tcpi_rtt));
  socket.min_rtt_us = field(info, offsetof(tcp_info, tcpi_min_rtt));
  constexpr std::uint32_t kNoMinimum = ~std::uint32_t{0};
  if (socket.min_rtt_us == kNoMinimum) socket.min_rtt_us = 0;
  socket.data_segments_sent = field(info, offsetof(tcp_info, tcpi_data_segs_out));
  socket.segments_retransmitted = field(info, offsetof(tcp_info, tcpi_total_retrans));
  socket.idle =
      std::chrono::milliseconds(std::min({field(info, offsetof(tcp_info, tcpi_last_data_sent)),
                                          field(info, offsetof(tcp_info, tcpi_last_data_recv)),
                                          field(info, offsetof(tcp_info, tcpi_last_ack_recv))}));
}

enum class AttributeSearch { kFound, kAbsent, kMalformed };

// The kernel puts the cgroup before TCP_INFO, unasked.
AttributeSearch find_tcp_info(Bytes attributes, Bytes& info, std::uint64_t& cgroup) {
  while (!attributes.empty()) {
    const auto header = read<nlattr>(attributes);
    if (!header || header->nla_len < sizeof(nlattr) || header->nla_len > attributes.size()) {
      return AttributeSearch::kMalformed;
    }
    const Bytes value = attributes.subspan(sizeof(nlattr), header->nla_len - sizeof(nlattr));
    const int type = header->nla_type & NLA_TYPE_MASK;
    if (type == INET_DIAG_CGROUP_ID) cgroup = read<std::uint64_t>(value).value_or(0);
    if (type == INET_DIAG_INFO) {
      info = value;
      constexpr std::size_t kOldest = offsetof(tcp_info, tcpi_total_retrans) + 4;
      return info.size() < kOldest ? AttributeSearch::kMalformed : AttributeSearch::kFound;
    }
    attributes = after(attributes, header->nla_len);
  }
  return AttributeSearch::kAbsent;
}

// A socket without TCP_INFO is no error: the kernel has none for what is not a full socket.
bool parse_socket(Bytes payload, const std::function<void(const TcpSocketInfo&)>& on_socket) {
  const auto message = read<inet_diag_msg>(payload);
  if (!message) return false;
  const auto remote = remote_address(*message);
  if (!remote) return false;
  Bytes info;
  TcpSocketInfo socket;
  const AttributeSearch search =
      find_tcp_info(after(payload, sizeof(inet_diag_msg)), info, socket.cgroup);
  if (search != AttributeSearch::kFound) return search == AttributeSearch::kAbsent;
  std::memcpy(&socket.cookie, message->id.idiag_cookie, sizeof(socket.cookie));
  socket.remote = *remote;
  socket.local_port = ntohs(message->id.idiag_sport);
  socket.state = message->idiag_state;
  read_tcp_info(info, socket);
  on_socket(socket);
  return true;
}

// The kernel sends negative numbers; whatever else stands there must not pass for success.
int error_number(std::int32_t code) { return code < 0 && code > -4096 ? -code : EPROTO; }

void parse_end(std::uint16_t type, Bytes payload, DatagramResult& result) {
  const auto code = read<std::int32_t>(payload);
  const bool without_code_is_fine = type == NLMSG_DONE;
  if (!code && !without_code_is_fine) ++result.malformed;
  if (code.value_or(without_code_is_fine ? 0 : -EPROTO) == 0) {
    if (type == NLMSG_DONE) result.end = DatagramResult::End::kDone;
    return;  // NLMSG_ERROR with 0 only acknowledges
  }
  result.end = DatagramResult::End::kError;
  result.error_number = error_number(code.value_or(-EPROTO));
}

void parse_message(const nlmsghdr& header, Bytes payload, DatagramResult& result,
                   const std::function<void(const TcpSocketInfo&)>& on_socket) {
  if (header.nlmsg_flags & NLM_F_DUMP_INTR) result.interrupted = true;
  switch (header.nlmsg_type) {
    case SOCK_DIAG_BY_FAMILY:
    case TCPDIAG_GETSOCK:
      if (!parse_socket(payload, on_socket)) ++result.malformed;
      break;
    case NLMSG_DONE:
    case NLMSG_ERROR:
      parse_end(header.nlmsg_type, payload, result);
      break;
    case NLMSG_OVERRUN:
      result.interrupted = true;
      break;
    case NLMSG_NOOP:
      break;
    default:
      ++result.foreign;
  }
}

}  // namespace

std::uint32_t connection_states() {
  return 1U << kEstablished | 1U << kSynSent | 1U << kFinWait1 | 1U << kFinWait2 |
         1U << kCloseWait | 1U << kLastAck | 1U << kClosing;
}

std::vector<std::byte> dump_request(DumpFamilies families, std::uint32_t states,
                                    NetlinkAddress address) {
  constexpr std::uint8_t kWithTcpInfo = 1U << (INET_DIAG_INFO - 1);
  if (families == DumpFamilies::kBoth) {
    inet_diag_req payload{};
    payload.idiag_ext = kWithTcpInfo;
    payload.idiag_states = states;
    return request(TCPDIAG_GETSOCK, address, payload);
  }
  inet_diag_req_v2 payload{};
  payload.sdiag_family = families == DumpFamilies::kIpv4 ? AF_INET : AF_INET6;
  payload.sdiag_protocol = IPPROTO_TCP;
  payload.idiag_ext = kWithTcpInfo;
  payload.idiag_states = states;
  return request(SOCK_DIAG_BY_FAMILY, address, payload);
}

DatagramResult parse_inet_diag(std::span<const std::byte> datagram, NetlinkAddress address,
                               const std::function<void(const TcpSocketInfo&)>& on_socket) {
  DatagramResult result;
  while (!datagram.empty() && result.end == DatagramResult::End::kMore) {
    const auto header = read<nlmsghdr>(datagram);
    if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > datagram.size()) {
      ++result.malformed;
      break;
    }
    if (header->nlmsg_seq != address.sequence || header->nlmsg_pid != address.port_id) {
      ++result.foreign;
    } else {
      parse_message(*header,
                    datagram.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr)),
                    result, on_socket);
    }
    datagram = after(datagram, header->nlmsg_len);
  }
  return result;
}

}  // namespace rtt::passive
