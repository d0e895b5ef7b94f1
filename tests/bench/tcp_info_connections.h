// Established TCP connections over loopback, more of them than one process may have descriptors.
#pragma once

#include <cstddef>
#include <list>
#include <utility>
#include <vector>

#include "base/ip_prefix.h"
#include "base/unique_fd.h"
#include "support/netns.h"

namespace rtt::bench {

/// So many networks inside 127.0.0.0/8, of three lengths, none inside another.
[[nodiscard]] std::vector<base::IpPrefix> loopback_networks(std::size_t count);

/// Connections from and to addresses of the given networks, evenly, held by child processes until
/// this object ends. Each has carried a byte, so that the kernel has its RTT. Errors are thrown.
class Connections {
 public:
  /// `where` and `networks` must outlive it.
  Connections(const support::Namespace& where, const std::vector<base::IpPrefix>& networks)
      : where_(where), networks_(networks) {}
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Until there are so many sockets; both ends of a connection count. Precondition: even, and not
  /// less than there are.
  void grow_to(std::size_t sockets);

 private:
  struct Holder {
    pid_t pid;
    base::UniqueFd end;  // closed: it goes
  };
  void start_holder(std::size_t first, std::size_t connections);

  const support::Namespace& where_;
  const std::vector<base::IpPrefix>& networks_;
  std::list<Holder> holders_;
  std::size_t connections_ = 0;
};

}  // namespace rtt::bench
