// A peer that answers echo requests as the test says instead of the kernel.
#pragma once

#include <gtest/gtest.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "probers/icmp/packet.h"
#include "support/netns.h"
#include "support/setup_error.h"

namespace rtt::probers::icmp {

using support::Namespace;
using Bytes = std::vector<std::uint8_t>;

/// An echo request as the responder saw it.
struct SeenRequest {
  Bytes packet;   // IPv4: with the IP header; IPv6: the ICMP message alone
  Bytes message;  // from the ICMP header on
  sockaddr_storage from{};
  socklen_t from_length = 0;
  int traffic_class = 0;

  [[nodiscard]] base::IpAddress source() const { return *base::IpAddress::from_sockaddr(from); }
};

/// Answers the echo requests of one family in a namespace, whose kernel then does not, with what
/// the test sends from its handler or later.
class Responder {
 public:
  using Handler = std::function<void(Responder&, const SeenRequest&)>;

  Responder(const Namespace& where, int family, Handler handler)
      : family_(family), handler_(std::move(handler)) {
    where.sysctl(family == AF_INET ? "ipv4/icmp_echo_ignore_all" : "ipv6/icmp/echo_ignore_all",
                 "1");
    where.run([this] { socket_ = open_socket(); });
    thread_ = std::thread([this] { serve(); });
  }
  ~Responder() {
    stopping_ = true;
    thread_.join();
  }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// The right answer.
  [[nodiscard]] Bytes reply_to(const SeenRequest& request) const {
    Bytes reply = request.message;
    reply[0] = family_ == AF_INET ? std::uint8_t{ICMP_ECHOREPLY} : std::uint8_t{ICMP6_ECHO_REPLY};
    return reply;
  }
  /// An error of this type that quotes what the responder saw of the request.
  [[nodiscard]] static Bytes error_about(const SeenRequest& request, std::uint8_t type,
                                         std::size_t quoted_bytes) {
    Bytes error(kHeaderBytes);
    error[0] = type;
    const std::size_t quoted = std::min(quoted_bytes, request.packet.size());
    error.insert(error.end(), request.packet.begin(),
                 request.packet.begin() + static_cast<std::ptrdiff_t>(quoted));
    return error;
  }
  /// Puts the checksum right and sends.
  void send(const SeenRequest& to, Bytes message, int fd = -1) {
    message[2] = message[3] = 0;
    if (family_ == AF_INET) {
      const auto checksum = static_cast<std::uint16_t>(~internet_sum(message));
      message[2] = static_cast<std::uint8_t>(checksum >> 8);
      message[3] = static_cast<std::uint8_t>(checksum);
    }
    send_as_is(to, message, fd);
  }
  void send_as_is(const SeenRequest& to, const Bytes& message, int fd = -1) {
    EXPECT_EQ(sendto(fd < 0 ? socket_.get() : fd, message.data(), message.size(), 0,
                     reinterpret_cast<const sockaddr*>(&to.from), to.from_length),
              static_cast<ssize_t>(message.size()))
        << strerror(errno);
  }
  /// The requests so far.
  [[nodiscard]] std::vector<SeenRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  /// A raw socket of the calling thread's namespace.
  [[nodiscard]] base::UniqueFd open_socket() const {
    const int protocol = family_ == AF_INET ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
    base::UniqueFd fd(socket(family_, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
    if (!fd) support::throw_errno("cannot open a raw socket");
    const int on = 1;
    if (family_ == AF_INET6 &&
        setsockopt(fd.get(), SOL_IPV6, IPV6_RECVTCLASS, &on, sizeof on) != 0) {
      support::throw_errno("cannot ask for the traffic class");
    }
    return fd;
  }

 private:
  void serve() {
    Bytes buffer(70000);
    while (!stopping_) {
      pollfd ready{socket_.get(), POLLIN, 0};
      if (poll(&ready, 1, 20) <= 0) continue;
      SeenRequest request;
      const ssize_t size = receive(buffer, request);
      if (size <= 0) continue;
      request.packet.assign(buffer.begin(), buffer.begin() + size);
      const std::ptrdiff_t header_bytes = family_ == AF_INET ? (buffer[0] & 0xf) * 4 : 0;
      request.message.assign(request.packet.begin() + header_bytes, request.packet.end());
      const int wanted = family_ == AF_INET ? int{ICMP_ECHO} : int{ICMP6_ECHO_REQUEST};
      if (request.message.empty() || request.message[0] != wanted) continue;
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(request);
      }
      handler_(*this, request);
    }
  }
  ssize_t receive(Bytes& buffer, SeenRequest& request) const {
    iovec data{buffer.data(), buffer.size()};
    alignas(cmsghdr) char control[64];
    msghdr message{};
    message.msg_name = &request.from;
    message.msg_namelen = sizeof request.from;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(socket_.get(), &message, 0);
    request.from_length = message.msg_namelen;
    const cmsghdr* header = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (family_ == AF_INET && size > 1) request.traffic_class = buffer[1];
    if (header != nullptr && header->cmsg_type == IPV6_TCLASS) {
      std::memcpy(&request.traffic_class, CMSG_DATA(header), sizeof request.traffic_class);
    }
    return size;
  }

  const int family_;
  const Handler handler_;
  base::UniqueFd socket_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::thread thread_;
};

}  // namespace rtt::probers::icmp
