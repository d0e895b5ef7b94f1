// Memory for a batch of datagrams of one UDP socket and for the answers to them: the same bytes.
//
// Not thread-safe.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/unique_fd.h"
#include "echo_server/udp_policy.h"

namespace rtt::echo_server {

class DatagramBatch {
 public:
  static constexpr std::size_t kCapacity = 64;

  DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  /// Makes a new socket tell what receive() wants to know. False: errno says why it cannot.
  [[nodiscard]] static bool prepare(int fd, int family);

  /// Takes what waits, at most kCapacity; never waits. How many.
  [[nodiscard]] std::size_t receive(int fd);

  struct Received {
    /// All but the local port.
    Datagram datagram;
    std::span<const std::uint8_t> bytes;
    /// Datagrams that this socket had no room for since it was made, modulo 2^32.
    std::optional<std::uint32_t> overflows;
  };
  /// Precondition: index below what the last receive() returned.
  [[nodiscard]] Received received(std::size_t index) const;

  /// Sends it back from where it came to, with the next send_answers().
  void answer(std::size_t index);
  /// How many were not sent.
  [[nodiscard]] std::size_t send_answers(int fd);

 private:
  // Room for the destination, the count of overflows, and what else a kernel may add.
  static constexpr std::size_t kControlBytes = 128;
  struct Slot {
    std::array<std::uint8_t, kMostDatagramBytes> bytes;
    sockaddr_storage source;
    iovec data;
    alignas(cmsghdr) std::array<std::byte, kControlBytes> control;
  };

  std::vector<Slot> slots_;
  std::array<mmsghdr, kCapacity> headers_{};
  std::array<mmsghdr, kCapacity> answers_{};
  std::size_t answer_count_ = 0;
};

}  // namespace rtt::echo_server
