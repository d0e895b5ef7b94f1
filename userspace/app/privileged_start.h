// What takes privileges once, at the start, and lasts: done before they are given up.
#pragma once

#include <vector>

#include "app/options.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "config/config.h"
#include "echo_server/bound_sockets.h"
#include "web/listen_socket.h"

namespace rtt::app {

struct PrivilegedStart {
  std::vector<web::ListenSocket> web;
  std::vector<echo_server::BoundSockets> echo;
  /// Keeps the kernel's statistics of BPF programs on; nothing where they are not wanted, or not
  /// allowed.
  base::UniqueFd bpf_run_time;

  /// Error: the address that cannot be listened on, and why.
  [[nodiscard]] static base::Result<PrivilegedStart> create(const Options& options,
                                                            const config::Config& config);
};

/// As many descriptors, and as much locked memory, which BPF maps are before Linux 5.11, as this
/// process may have. Error: too few descriptors to run with.
[[nodiscard]] base::Result<void> raise_limits();

}  // namespace rtt::app
