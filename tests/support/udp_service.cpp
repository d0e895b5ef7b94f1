#include "support/udp_service.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "support/priority.h"
#include "support/setup_error.h"

namespace rtt::support {

UdpService::UdpService(const Namespace& where, std::uint16_t port, Handler handler)
    : handler_(std::move(handler)), socket_(where.run([port] { return udp_socket(port); })) {
  thread_ = std::thread([this] { serve(); });
}

UdpService::~UdpService() {
  stopping_ = true;
  thread_.join();
}

void UdpService::serve() {
  raise_priority(Priority::kEndpoint);
  Bytes buffer(65536);
  while (!stopping_) {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const ssize_t size = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                    reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) continue;
    const Request request{{buffer.begin(), buffer.begin() + size},
                          *base::IpAddress::from_sockaddr(from),
                          ntohs(reinterpret_cast<const sockaddr_in6&>(from).sin6_port)};
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
    }
    handler_(*this, request);
  }
}

void UdpService::send(const Request& to, const Bytes& bytes, int fd) const {
  const sockaddr_in6 address = mapped_address(to.source, to.source_port);
  const ssize_t sent = ::sendto(fd < 0 ? socket_.get() : fd, bytes.data(), bytes.size(), 0,
                                reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // The client may be gone.
  if (sent < 0 && errno != ECONNREFUSED) throw_errno("cannot send a datagram");
}

std::vector<UdpService::Request> UdpService::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void echo_datagram(UdpService& service, const UdpService::Request& request) {
  service.send(request, request.bytes);
}

base::UniqueFd udp_socket(std::uint16_t port, const base::IpAddress& address) {
  base::UniqueFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("cannot open a UDP socket");
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const sockaddr_in6 where = mapped_address(address, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
    throw_errno("cannot bind a UDP socket");
  }
  return fd;
}

sockaddr_in6 mapped_address(const base::IpAddress& address, std::uint16_t port) {
  sockaddr_in6 result{};
  result.sin6_family = AF_INET6;
  result.sin6_port = htons(port);
  result.sin6_addr = address.to_in6_addr();
  return result;
}

}  // namespace rtt::support
