// The running program: builds everything, reloads, stops.
#pragma once

#include "app/options.h"

namespace rtt::app {

/// Runs until SIGTERM or SIGINT. Returns the exit code: 0 after a signal, 1 when the start failed (said in
/// the log). Precondition: called once per process, from its main thread, before other threads exist.
[[nodiscard]] int run_daemon(const Options& options);

/// --config.check: says on stdout that the file is good, or every problem on stderr. Returns the exit code.
[[nodiscard]] int check_config(const Options& options);

}  // namespace rtt::app
