// The child process that enters other network namespaces (passive/namespace_opener.h), so that the
// daemon itself needs no privilege for it.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace rtt::app {

/// Starts it: it becomes the unprivileged user that the daemon becomes (as far as it may), keeps
/// CAP_SYS_ADMIN, CAP_SYS_PTRACE and its end of the socket, cannot gain more, and
/// ends with this process or when the result is closed. It outlives SIGTERM, SIGINT and SIGHUP, which a
/// service manager sends to all processes of a service: the daemon's end is its own. Nobody needs to wait
/// for it. Error: why it cannot be, above all what privilege this process lacks.
///
/// Precondition: this process has one thread.
[[nodiscard]] base::Result<base::UniqueFd> start_namespace_opener();

}  // namespace rtt::app
