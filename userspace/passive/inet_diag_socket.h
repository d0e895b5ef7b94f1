// A non-blocking NETLINK_SOCK_DIAG socket that believes only the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::passive {

class InetDiagSocket {
 public:
  /// The kernel's dump datagrams are at most 32 KiB (netlink_dump()); twice that never truncates.
  static constexpr std::size_t kMaxDatagram = 64 * 1024;

  [[nodiscard]] static base::Result<InetDiagSocket> open();
  /// Of one that another process made, perhaps in another network namespace: that is whose sockets
  /// it shows. Not bound yet. Error: it is no such socket.
  [[nodiscard]] static base::Result<InetDiagSocket> adopt(base::UniqueFd fd);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// What answers to this socket are addressed to.
  [[nodiscard]] std::uint32_t port_id() const { return port_id_; }
  [[nodiscard]] base::Result<void> send(std::span<const std::byte> message);
  /// A group of linux/sock_diag.h.
  [[nodiscard]] base::Result<void> join(int group);
  void leave(int group);
  /// As far as this process may; no error when it may not.
  void set_receive_buffer(int bytes);

  struct Received {
    enum class Status {
      kDatagram,
      kNothing,    // no more for now
      kForeign,    // not from the kernel: dropped
      kTruncated,  // larger than the buffer: dropped
      kOverflow,   // the kernel dropped messages before (ENOBUFS)
      kError,
    };
    Status status = Status::kNothing;
    std::span<const std::byte> datagram;  // of kDatagram: lies in `buffer`
  };
  [[nodiscard]] Received receive(std::span<std::byte> buffer);

 private:
  [[nodiscard]] static base::Result<InetDiagSocket> bound(base::UniqueFd fd);
  InetDiagSocket(base::UniqueFd fd, std::uint32_t port_id)
      : fd_(std::move(fd)), port_id_(port_id) {}

  base::UniqueFd fd_;
  std::uint32_t port_id_;
};

}  // namespace rtt::passive
