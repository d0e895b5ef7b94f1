// What can go wrong with other network namespaces: the values of the label `reason` of
// rtt_exporter_tcp_info_namespace_errors_total.
#pragma once

#include <string_view>

namespace rtt::passive {

enum class NamespaceProblem {
  kEnded,          // the namespace was gone before it could be entered
  kDenied,         // the opener may not enter it
  kUnreadable,     // the opener may not see in which namespace a process is
  kFailed,         // another error of the kernel
  kNoDescriptors,  // too many open files, in the opener, here, or on the host
  kLimit,          // a namespace past the most that are polled
  kProcessLimit,   // there are more processes than are looked at
  kNoAnswer,       // the opener does not answer; the poll goes on without other namespaces
  kOpenerGone,     // the opener ended, or said what makes no sense
  kCount,
};

/// snake_case, as in the label.
[[nodiscard]] std::string_view to_string(NamespaceProblem problem);
/// Of an error number of the opener.
[[nodiscard]] NamespaceProblem namespace_problem(int error_number);

}  // namespace rtt::passive
