// Least privilege: what the program keeps once it has started.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace rtt::app {

/// Gives up, for good, what is not needed any more, and says in the log as whom it runs and what is
/// left: of CAP_BPF, CAP_PERFMON and CAP_NET_RAW those that it has, because a reload loads BPF
/// programs and opens sockets anew.
///
/// Started as root with CAP_SETUID and CAP_SETGID it becomes `rtt_exporter`, else `nobody`, unless
/// that user cannot read one of `paths`, which a reload reads (directories end with '/'): then it
/// stays root without root's capabilities, and says why.
///
/// Precondition: called by the only thread; threads inherit. Error: the process has more left than
/// it should, and must end.
[[nodiscard]] base::Result<void> give_up_privileges(std::span<const std::string> paths);

}  // namespace rtt::app
