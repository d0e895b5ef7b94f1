#include "app/privileged_start.h"

#include <sys/resource.h>

#include <utility>

#include "base/logging.h"
#include "passive/bpf_run_time.h"

namespace rtt::app {
namespace {

void raise_to_maximum(__rlimit_resource_t resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
}

}  // namespace

base::Result<PrivilegedStart> PrivilegedStart::create(const Options& options,
                                                      const config::Config& config) {
  PrivilegedStart start;
  auto echo = echo_server::BoundSockets::open(config.echo_server_listen);
  if (!echo) return echo.error();
  start.echo = *std::move(echo);
  auto web = web::listen_on(options.listen);
  if (!web) return web.error();
  start.web = *std::move(web);
  if (config.passive.tcp_probe.enabled) {
    auto counting = passive::count_bpf_run_time();
    if (counting) {
      start.bpf_run_time = *std::move(counting);
    } else {
      base::log_debug("no BPF run-time statistics", {{"reason", counting.error().message}});
    }
  }
  return start;
}

void raise_limits() {
  // Each echo connection and each connect in flight takes a descriptor.
  raise_to_maximum(RLIMIT_NOFILE);
  const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) raise_to_maximum(RLIMIT_MEMLOCK);
}

}  // namespace rtt::app
