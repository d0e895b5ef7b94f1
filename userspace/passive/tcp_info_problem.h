// What can go wrong with a poll: the values of the label `reason` of
// rtt_exporter_tcp_info_poll_errors_total.
#pragma once

#include <functional>
#include <string_view>

namespace rtt::passive {

enum class TcpInfoProblem {
  kOverrun,      // the poll before had not ended: this one is skipped
  kStalled,      // the kernel's answer stopped coming; given up
  kOverflow,     // the kernel dropped messages for want of buffer space
  kInterrupted,  // the kernel says that its answer is inconsistent
  kTruncated,    // a datagram larger than the buffer
  kMalformed,    // a message that contradicts itself
  kForeign,      // a message from a stranger, or to somebody else; ignored
  kKernelError,  // the kernel refused the request
  kSocketError,  // the netlink socket cannot be opened, written or read
  kCount,
};

/// snake_case, as in the label.
[[nodiscard]] std::string_view to_string(TcpInfoProblem problem);

using OnTcpInfoProblem = std::function<void(TcpInfoProblem, unsigned count)>;

}  // namespace rtt::passive
