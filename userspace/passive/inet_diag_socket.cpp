#include "passive/inet_diag_socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace rtt::passive {
namespace {

bool has_option(int fd, int option, int wanted) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
}

}  // namespace

base::Result<InetDiagSocket> InetDiagSocket::open() {
  base::UniqueFd fd(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  if (!fd) return base::errno_error("cannot open a sock_diag netlink socket");
  return bound(std::move(fd));
}

base::Result<InetDiagSocket> InetDiagSocket::adopt(base::UniqueFd fd) {
  if (!has_option(fd.get(), SO_DOMAIN, AF_NETLINK) ||
      !has_option(fd.get(), SO_PROTOCOL, NETLINK_SOCK_DIAG)) {
    return base::Error{"this is no sock_diag netlink socket"};
  }
  return bound(std::move(fd));
}

base::Result<InetDiagSocket> InetDiagSocket::bound(base::UniqueFd fd) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), generic, length) != 0 || ::getsockname(fd.get(), generic, &length) != 0) {
    return base::errno_error("cannot bind a sock_diag netlink socket");
  }
  return InetDiagSocket(std::move(fd), address.nl_pid);
}

base::Result<void> InetDiagSocket::send(std::span<const std::byte> message) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto sent = ::sendto(fd_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
  if (sent < 0) return base::errno_error("cannot send a request to inet_diag");
  return {};
}

base::Result<void> InetDiagSocket::join(int group) {
  if (::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
    return base::errno_error("cannot listen to sockets that close");
  }
  return {};
}

void InetDiagSocket::leave(int group) {
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof(group));
}

void InetDiagSocket::set_receive_buffer(int bytes) {
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0) {
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }
}

InetDiagSocket::Received InetDiagSocket::receive(std::span<std::byte> buffer) {
  using Status = Received::Status;
  sockaddr_nl sender{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof(sender);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const auto length = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT);
  if (length < 0) {
    if (errno == EAGAIN || errno == EINTR) return {Status::kNothing, {}};
    return {errno == ENOBUFS ? Status::kOverflow : Status::kError, {}};
  }
  if (message.msg_namelen != sizeof(sender) || sender.nl_family != AF_NETLINK ||
      sender.nl_pid != 0) {
    return {Status::kForeign, {}};
  }
  if (message.msg_flags & MSG_TRUNC) return {Status::kTruncated, {}};
  return {Status::kDatagram, buffer.first(static_cast<std::size_t>(length))};
}

}  // namespace rtt::passive
