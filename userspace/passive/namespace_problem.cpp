#include "passive/namespace_problem.h"

#include <cassert>
#include <cerrno>

namespace rtt::passive {

std::string_view to_string(NamespaceProblem problem) {
  switch (problem) {
    case NamespaceProblem::kEnded:
      return "ended";
    case NamespaceProblem::kDenied:
      return "denied";
    case NamespaceProblem::kUnreadable:
      return "unreadable_process";
    case NamespaceProblem::kFailed:
      return "failed";
    case NamespaceProblem::kNoDescriptors:
      return "no_descriptors";
    case NamespaceProblem::kLimit:
      return "limit";
    case NamespaceProblem::kProcessLimit:
      return "process_limit";
    case NamespaceProblem::kNoAnswer:
      return "no_answer";
    case NamespaceProblem::kOpenerGone:
      return "opener_gone";
    case NamespaceProblem::kCount:
      break;
  }
  assert(false);
  return "";
}

NamespaceProblem namespace_problem(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ESRCH:
      return NamespaceProblem::kEnded;
    case EACCES:
    case EPERM:
      return NamespaceProblem::kDenied;
    case EMFILE:
    case ENFILE:
      return NamespaceProblem::kNoDescriptors;
    default:
      return NamespaceProblem::kFailed;
  }
}

}  // namespace rtt::passive
