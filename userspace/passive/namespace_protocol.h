// What the daemon and the namespace opener (namespace_opener.h) say to each other: one request, one
// reply, each one record of fixed size over a SOCK_SEQPACKET Unix pair.
//
// Both sides run the same program, so the bytes are structs. A record of another size or kind is an
// error on either side: neither trusts the other. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::passive {

/// Namespaces past it are left out. A poll of so many without a connection takes about 0.1 s.
inline constexpr std::uint32_t kMostNamespaces = 1024;

struct NamespaceRequest {
  enum class Kind : std::uint32_t {
    kList = 1,  // look which namespaces there are now
    kOpen = 2,  // a socket in one of those that were listed last
  };
  Kind kind = Kind::kList;
  std::uint32_t sequence = 0;
  std::uint32_t index = 0;  // of kOpen; less than NamespaceReply::listed
};

struct NamespaceReply {
  enum class Kind : std::uint32_t {
    kListed = 1,
    kOpened = 2,  // a NETLINK_SOCK_DIAG socket, not bound, comes with it
    kFailed = 3,
  };
  Kind kind = Kind::kListed;
  std::uint32_t sequence = 0;  // the request's
  std::uint32_t listed = 0;  // of kListed: namespaces but the daemon's own, at most kMostNamespaces
  std::uint32_t beyond = 0;  // of kListed: namespaces past the limit, which cannot be opened
  std::uint32_t unreadable = 0;   // of kListed: processes that may not be looked at
  std::uint32_t has_all = 1;      // of kListed; 0: there are more processes than are looked at
  std::int32_t error_number = 0;  // of kFailed
  std::uint32_t unused = 0;
  // Of kOpened and kFailed.
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t connections = 0;  // of kOpened: established ones, at least (Tcp: CurrEstab)
};
static_assert(sizeof(NamespaceReply) == 56, "no padding goes over the socket");

/// Waits for room. False: the other side is gone.
[[nodiscard]] bool send_request(int fd, const NamespaceRequest& request);
/// `socket`: of kOpened, else negative.
[[nodiscard]] bool send_reply(int fd, const NamespaceReply& reply, int socket);

/// Waits for one if the descriptor blocks. Nothing: the other side is gone, or sent something else.
[[nodiscard]] std::optional<NamespaceRequest> receive_request(int fd);

struct ReceivedReply {
  enum class Status {
    kReply,
    kNothing,        // not yet
    kNoDescriptors,  // this process has no descriptor left for the socket that came with it
    kGone,           // the other side ended
    kMalformed,
  };
  Status status = Status::kNothing;
  NamespaceReply reply;   // of kReply and kNoDescriptors
  base::UniqueFd socket;  // of NamespaceReply::Kind::kOpened
};
/// Does not wait.
[[nodiscard]] ReceivedReply receive_reply(int fd);

}  // namespace rtt::passive
