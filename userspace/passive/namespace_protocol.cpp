#include "passive/namespace_protocol.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace rtt::passive {
namespace {

// Room for more than one, so that too many are noticed.
constexpr std::size_t kMostDescriptors = 4;

union Control {
  cmsghdr alignment;
  char bytes[CMSG_SPACE(kMostDescriptors * sizeof(int))];
};

struct Message {
  explicit Message(void* record, std::size_t size) : part{record, size} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
  }
  iovec part;
  msghdr header{};
};

bool send_record(int fd, const msghdr& message, std::size_t size) {
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(size);
}

// Takes all descriptors, so that none leaks; gives the one that may be there.
base::UniqueFd take_descriptor(const msghdr& message, std::size_t& count) {
  base::UniqueFd first;
  auto& header = const_cast<msghdr&>(message);
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t descriptors = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < descriptors; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      base::UniqueFd owner(fd);
      if (count++ == 0) first = std::move(owner);
    }
  }
  return first;
}

bool is_sensible(const NamespaceReply& reply) {
  using Kind = NamespaceReply::Kind;
  return (reply.kind == Kind::kListed && reply.listed <= kMostNamespaces) ||
         reply.kind == Kind::kOpened || reply.kind == Kind::kFailed;
}

}  // namespace

bool send_request(int fd, const NamespaceRequest& request) {
  NamespaceRequest copy = request;
  const Message message(&copy, sizeof copy);
  return send_record(fd, message.header, sizeof copy);
}

bool send_reply(int fd, const NamespaceReply& reply, int socket) {
  NamespaceReply copy = reply;
  Message message(&copy, sizeof copy);
  Control control{};
  if (socket >= 0) {
    message.header.msg_control = &control;
    message.header.msg_controllen = CMSG_SPACE(sizeof(int));
    cmsghdr* part = CMSG_FIRSTHDR(&message.header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &socket, sizeof(int));
  }
  return send_record(fd, message.header, sizeof copy);
}

// Without room for descriptors: the kernel closes what comes.
std::optional<NamespaceRequest> receive_request(int fd) {
  NamespaceRequest request;
  Message message(&request, sizeof request);
  ssize_t length = 0;
  do {
    length = ::recvmsg(fd, &message.header, 0);
  } while (length < 0 && errno == EINTR);
  using Kind = NamespaceRequest::Kind;
  const bool good = length == sizeof request && (message.header.msg_flags & MSG_TRUNC) == 0 &&
                    (request.kind == Kind::kList || request.kind == Kind::kOpen);
  return good ? std::optional(request) : std::nullopt;
}

ReceivedReply receive_reply(int fd) {
  using Status = ReceivedReply::Status;
  ReceivedReply received;
  Message message(&received.reply, sizeof received.reply);
  Control control{};
  message.header.msg_control = &control;
  message.header.msg_controllen = sizeof control;
  const auto length = ::recvmsg(fd, &message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0) {
    received.status = errno == EAGAIN || errno == EINTR ? Status::kNothing : Status::kGone;
    return received;
  }
  std::size_t descriptors = 0;
  received.socket = take_descriptor(message.header, descriptors);
  if (length == 0) {
    received.status = Status::kGone;
    return received;
  }
  const bool is_opened = received.reply.kind == NamespaceReply::Kind::kOpened;
  const bool is_record = length == sizeof received.reply &&
                         (message.header.msg_flags & MSG_TRUNC) == 0 && is_sensible(received.reply);
  if (is_record && descriptors == (is_opened ? 1U : 0U)) {
    received.status = Status::kReply;
  } else if (is_record && is_opened && descriptors == 0 &&
             (message.header.msg_flags & MSG_CTRUNC) != 0) {
    received.status = Status::kNoDescriptors;
  } else {
    received.status = Status::kMalformed;
  }
  return received;
}

}  // namespace rtt::passive
