#include "app/privileged_start.h"

#include <sys/resource.h>

#include <string>
#include <utility>

#include "base/logging.h"
#include "passive/bpf_run_time.h"

namespace rtt::app {
namespace {

// What is there always: listeners, loops, BPF maps, those twice during a reload. With less a start would fail
// anywhere, or run and answer nobody.
constexpr rlim_t kFewestDescriptors = 128;

rlim_t raise_to_maximum(__rlimit_resource_t resource) {
  rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
  if (getrlimit(resource, &limit) != 0) return limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
  return limit.rlim_cur;
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

base::Result<void> raise_limits() {
  const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) raise_to_maximum(RLIMIT_MEMLOCK);
  // Each echo connection and each connect in flight takes a descriptor.
  const rlim_t descriptors = raise_to_maximum(RLIMIT_NOFILE);
  if (descriptors >= kFewestDescriptors) return {};
  return base::Error{"at least " + std::to_string(kFewestDescriptors) +
                     " descriptors are needed, RLIMIT_NOFILE allows " +
                     std::to_string(descriptors)};
}

}  // namespace rtt::app
