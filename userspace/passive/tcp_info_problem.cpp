#include "passive/tcp_info_problem.h"

#include <cassert>

namespace rtt::passive {

std::string_view to_string(TcpInfoProblem problem) {
  switch (problem) {
    case TcpInfoProblem::kOverrun:
      return "overrun";
    case TcpInfoProblem::kStalled:
      return "stalled";
    case TcpInfoProblem::kOverflow:
      return "overflow";
    case TcpInfoProblem::kInterrupted:
      return "interrupted";
    case TcpInfoProblem::kTruncated:
      return "truncated";
    case TcpInfoProblem::kMalformed:
      return "malformed";
    case TcpInfoProblem::kForeign:
      return "foreign";
    case TcpInfoProblem::kKernelError:
      return "kernel_error";
    case TcpInfoProblem::kSocketError:
      return "socket_error";
    case TcpInfoProblem::kCount:
      break;
  }
  assert(false);
  return "";
}

}  // namespace rtt::passive
