#include "probers/timestamps.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>

#include <cassert>
#include <cerrno>
#include <cstring>

namespace rtt::probers {
namespace {

constexpr unsigned kRecord = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
constexpr unsigned kReport = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
// Linux 6.2; not in every libc's kernel headers.
constexpr unsigned kOptIdTcp = 1U << 16;

// Realtime and monotonic are read at different instants, each to the nanosecond.
constexpr nanoseconds kTolerance = std::chrono::microseconds(1);

bool set_flags(int fd, unsigned flags) {
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0;
}

base::Error timestamping_error() { return base::errno_error("cannot turn on packet timestamps"); }

template <typename T>
std::optional<T> payload(const cmsghdr& header) {
  if (header.cmsg_len < CMSG_LEN(sizeof(T))) return std::nullopt;
  T value;
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

std::optional<nanoseconds> software_timestamp(const cmsghdr& header) {
  const auto stamps = payload<scm_timestamping>(header);
  if (!stamps) return std::nullopt;
  // What nanoseconds since the epoch cannot hold is no time.
  constexpr auto kEnd = std::chrono::floor<std::chrono::seconds>(nanoseconds::max());
  const auto [seconds, part_ns] = stamps->ts[0];
  if (seconds < 0 || seconds >= kEnd.count() || part_ns < 0 || part_ns >= 1'000'000'000) {
    return std::nullopt;
  }
  const nanoseconds stamp = base::to_nanoseconds(stamps->ts[0]);
  if (stamp == nanoseconds::zero()) return std::nullopt;
  return stamp;
}

std::optional<std::uint8_t> hop_limit(const cmsghdr& header) {
  const auto value = payload<int>(header);
  if (!value || *value < 0 || *value > UINT8_MAX) return std::nullopt;
  return static_cast<std::uint8_t>(*value);
}

std::optional<base::IpAddress> offender(const cmsghdr& header) {
  constexpr std::size_t kBefore = sizeof(sock_extended_err);
  sockaddr_storage address{};
  const std::size_t available = header.cmsg_len - CMSG_LEN(kBefore);
  const std::size_t length = std::min(available, sizeof address);
  if (length < sizeof(sockaddr_in)) return std::nullopt;
  std::memcpy(&address, CMSG_DATA(&header) + kBefore, length);
  if (address.ss_family == AF_INET6 && length < sizeof(sockaddr_in6)) return std::nullopt;
  return base::IpAddress::from_sockaddr(address);
}

void parse_extended_error(const cmsghdr& header, ControlData& into) {
  const auto error = payload<sock_extended_err>(header);
  if (!error) return;
  if (error->ee_origin == SO_EE_ORIGIN_TIMESTAMPING) {
    into.transmitted = {.type = error->ee_info, .id = error->ee_data};
    return;
  }
  into.error = {.error_number = static_cast<int>(error->ee_errno),
                .origin = error->ee_origin,
                .type = error->ee_type,
                .code = error->ee_code};
  into.offender = offender(header);
}

}  // namespace

base::Result<void> enable_timestamps(int fd, SocketKind kind) {
  const unsigned flags = kRecord | kReport | SOF_TIMESTAMPING_OPT_ID;
  // Without OPT_ID_TCP ids count from the first unacknowledged byte, which is the same while
  // nothing was sent.
  if (kind == SocketKind::kStream && set_flags(fd, flags | kOptIdTcp)) return {};
  if (!set_flags(fd, flags)) return timestamping_error();
  return {};
}

base::Result<void> restart_timestamp_ids(int fd) {
  const unsigned flags = kRecord | kReport;
  if (!set_flags(fd, flags) || !set_flags(fd, flags | SOF_TIMESTAMPING_OPT_ID)) {
    return timestamping_error();
  }
  return {};
}

base::Result<void> enable_hop_limits(int fd, int family) {
  const int on = 1;
  const bool done = family == AF_INET
                        ? setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on) == 0
                        : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) == 0;
  if (!done) return base::errno_error("cannot turn on the hop limits of packets");
  return {};
}

ControlData parse_control(const msghdr& message) {
  ControlData control;
  // CMSG_NXTHDR wants a mutable header but does not write.
  auto* walkable = const_cast<msghdr*>(&message);
  for (cmsghdr* header = CMSG_FIRSTHDR(walkable); header != nullptr;
       header = CMSG_NXTHDR(walkable, header)) {
    const int level = header->cmsg_level;
    const int type = header->cmsg_type;
    if (level == SOL_SOCKET && type == SCM_TIMESTAMPING) {
      control.timestamp = software_timestamp(*header);
    } else if ((level == SOL_IP && type == IP_TTL) ||
               (level == SOL_IPV6 && type == IPV6_HOPLIMIT)) {
      control.hop_limit = hop_limit(*header);
    } else if ((level == SOL_IP && type == IP_RECVERR) ||
               (level == SOL_IPV6 && type == IPV6_RECVERR)) {
      parse_extended_error(*header, control);
    }
  }
  return control;
}

ReceiveBatch::ReceiveBatch(std::size_t messages, std::size_t bytes_per_message)
    : bytes_per_message_(bytes_per_message),
      memory_(messages * bytes_per_message),
      slots_(messages),
      headers_(messages) {
  assert(messages > 0 && bytes_per_message > 0);
  for (std::size_t i = 0; i < messages; ++i) {
    slots_[i].data = {.iov_base = &memory_[i * bytes_per_message], .iov_len = bytes_per_message};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &slots_[i].address;
    header.msg_iov = &slots_[i].data;
    header.msg_iovlen = 1;
    header.msg_control = slots_[i].control.data();
  }
}

int ReceiveBatch::receive(int fd, int flags) {
  for (mmsghdr& header : headers_) {
    header.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    header.msg_hdr.msg_controllen = kControlBytes;
    header.msg_hdr.msg_flags = 0;
    header.msg_len = 0;
  }
  const auto count = static_cast<unsigned>(headers_.size());
  const int received = recvmmsg(fd, headers_.data(), count, flags | MSG_DONTWAIT, nullptr);
  if (received >= 0) return received;
  return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

ReceiveBatch::Message ReceiveBatch::message(std::size_t index) const {
  const mmsghdr& received = headers_[index];
  Message message;
  message.data = {&memory_[index * bytes_per_message_], received.msg_len};
  message.truncated = (received.msg_hdr.msg_flags & MSG_TRUNC) != 0;
  if (received.msg_hdr.msg_namelen >= sizeof(sa_family_t)) {
    const sockaddr_storage& address = slots_[index].address;
    message.address = base::IpAddress::from_sockaddr(address);
    // The port lies at the same place in sockaddr_in and sockaddr_in6.
    if (message.address) {
      message.port = ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    }
  }
  message.control = parse_control(received.msg_hdr);
  return message;
}

ChosenRtt choose_rtt(std::optional<nanoseconds> kernel_sent,
                     std::optional<nanoseconds> kernel_received, base::TimePoint sent,
                     base::TimePoint received) {
  const nanoseconds around = received - sent;
  if (!kernel_sent || !kernel_received) return {around, false};
  const nanoseconds between = *kernel_received - *kernel_sent;
  if (between < nanoseconds::zero() || between > around + kTolerance) return {around, false};
  return {between, true};
}

base::Result<TimestampKeeper> TimestampKeeper::create() {
  base::UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) fd.reset(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return base::errno_error("cannot open the socket that keeps packet timestamps on");
  if (!set_flags(fd.get(), SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)) {
    return timestamping_error();
  }
  return TimestampKeeper(std::move(fd));
}

}  // namespace rtt::probers
