#include "echo_server/datagram_batch.h"

#include <cerrno>
#include <cstring>

namespace rtt::echo_server {
namespace {

bool turn_on(int fd, int level, int name) {
  const int on = 1;
  return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

template <typename T>
std::optional<T> payload(const cmsghdr& header, int level, int type) {
  if (header.cmsg_level != level || header.cmsg_type != type) return std::nullopt;
  if (header.cmsg_len < CMSG_LEN(sizeof(T))) return std::nullopt;
  T value;
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

template <typename Visit>
void for_each_control(const msghdr& message, Visit&& visit) {
  // CMSG_NXTHDR wants a mutable header but does not write.
  auto* walkable = const_cast<msghdr*>(&message);
  for (cmsghdr* header = CMSG_FIRSTHDR(walkable); header != nullptr;
       header = CMSG_NXTHDR(walkable, header)) {
    visit(*header);
  }
}

/// As the only control data of the message, in the memory that it has.
template <typename T>
void write_control(msghdr& message, int level, int type, const T& value) {
  message.msg_controllen = CMSG_SPACE(sizeof value);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(header), &value, sizeof value);
}

struct Destination {
  std::optional<in_pktinfo> v4;
  std::optional<in6_pktinfo> v6;
};

Destination destination_of(const msghdr& message) {
  Destination destination;
  for_each_control(message, [&](const cmsghdr& header) {
    if (const auto info = payload<in_pktinfo>(header, IPPROTO_IP, IP_PKTINFO)) {
      destination.v4 = info;
    }
    if (const auto info = payload<in6_pktinfo>(header, IPPROTO_IPV6, IPV6_PKTINFO)) {
      destination.v6 = info;
    }
  });
  return destination;
}

}  // namespace

DatagramBatch::DatagramBatch() : slots_(kCapacity) {
  for (std::size_t i = 0; i < kCapacity; ++i) {
    slots_[i].data.iov_base = slots_[i].bytes.data();
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &slots_[i].source;
    header.msg_iov = &slots_[i].data;
    header.msg_iovlen = 1;
    header.msg_control = slots_[i].control.data();
  }
}

bool DatagramBatch::prepare(int fd, int family) {
  return turn_on(fd, SOL_SOCKET, SO_RXQ_OVFL) &&
         (family == AF_INET ? turn_on(fd, IPPROTO_IP, IP_PKTINFO)
                            : turn_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO));
}

std::size_t DatagramBatch::receive(int fd) {
  for (std::size_t i = 0; i < kCapacity; ++i) {
    slots_[i].data.iov_len = kMostDatagramBytes;
    msghdr& header = headers_[i].msg_hdr;
    header.msg_namelen = sizeof(sockaddr_storage);
    header.msg_controllen = kControlBytes;
    header.msg_flags = 0;
  }
  answer_count_ = 0;
  const int received = recvmmsg(fd, headers_.data(), kCapacity, MSG_DONTWAIT, nullptr);
  return received > 0 ? static_cast<std::size_t>(received) : 0;
}

DatagramBatch::Received DatagramBatch::received(std::size_t index) const {
  const msghdr& header = headers_[index].msg_hdr;
  const Slot& slot = slots_[index];
  Received result{.datagram = {},
                  .bytes = {slot.bytes.data(), headers_[index].msg_len},
                  .overflows = std::nullopt};
  Datagram& datagram = result.datagram;
  datagram.source = base::IpAddress::from_sockaddr(slot.source).value_or(base::IpAddress());
  // The port lies at the same place in sockaddr_in and sockaddr_in6.
  datagram.source_port = ntohs(reinterpret_cast<const sockaddr_in&>(slot.source).sin_port);
  datagram.too_long = (header.msg_flags & MSG_TRUNC) != 0;
  const auto [v4, v6] = destination_of(header);
  if (v4) {
    datagram.destination = base::IpAddress(v4->ipi_addr);
    datagram.local = base::IpAddress(v4->ipi_spec_dst);
  } else if (v6) {
    datagram.destination = datagram.local = base::IpAddress(v6->ipi6_addr);
  }
  for_each_control(header, [&](const cmsghdr& control) {
    if (const auto count = payload<std::uint32_t>(control, SOL_SOCKET, SO_RXQ_OVFL)) {
      result.overflows = count;
    }
  });
  return result;
}

void DatagramBatch::answer(std::size_t index) {
  slots_[index].data.iov_len = headers_[index].msg_len;
  mmsghdr& answer = answers_[answer_count_++];
  answer = headers_[index];
  msghdr& message = answer.msg_hdr;
  message.msg_flags = 0;
  auto [v4, v6] = destination_of(message);
  // The way back is chosen anew, but link-local addresses mean nothing without their interface.
  if (v4) {
    const in_pktinfo from{.ipi_ifindex = 0, .ipi_spec_dst = v4->ipi_addr, .ipi_addr = {}};
    write_control(message, IPPROTO_IP, IP_PKTINFO, from);
  } else if (v6) {
    if (!IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr)) v6->ipi6_ifindex = 0;
    write_control(message, IPPROTO_IPV6, IPV6_PKTINFO, *v6);
  }
}

std::size_t DatagramBatch::send_answers(int fd) {
  std::size_t failed = 0;
  std::span<mmsghdr> rest(answers_.data(), answer_count_);
  while (!rest.empty()) {
    const auto count = static_cast<unsigned>(rest.size());
    const int sent = sendmmsg(fd, rest.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // What cannot be sent is given up; the next may be for somebody who can be reached.
    if (sent <= 0) ++failed;
    rest = rest.subspan(sent > 0 ? static_cast<std::size_t>(sent) : 1);
  }
  answer_count_ = 0;
  return failed;
}

}  // namespace rtt::echo_server
