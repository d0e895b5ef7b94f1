#include "bench/throughput_condition.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <future>
#include <thread>

#include "base/unique_fd.h"
#include "bench/bpf_cost_subject.h"
#include "support/daemon.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::Namespace;
using Measure = std::function<double()>;

// The kernel patches its code some milliseconds after the first wish for timestamps.
constexpr auto kSettle = 50ms;

void receive_timestamps(const Namespace&, const Measure& measure) {
  const base::UniqueFd stamps(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!stamps || setsockopt(stamps.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
    support::throw_errno("no receive timestamps");
  }
  std::this_thread::sleep_for(kSettle);
  measure();
}

template <std::unique_ptr<Subject> (*attach)()>
void program(const Namespace&, const Measure& measure) {
  const auto attached = attach();
  std::this_thread::sleep_for(kSettle);
  measure();
}

// With its defaults, which name 127.0.0.1 as target "self".
void exporter(const Namespace& where, const Measure& measure, bool statistics) {
  support::Daemon daemon(where, support::Daemon::Options{});
  std::this_thread::sleep_for(kSettle);
  const support::LabelSet own = {{"target", "self"}, {"method", "tcp_probe"}};
  const double before = daemon.scrape().sum("rtt_seconds_count", own);
  const double acknowledgements = measure();
  const support::Scrape after = daemon.scrape();
  if (after.sum("rtt_seconds_count", own) - before < acknowledgements) {
    throw support::SetupError("the exporter did not count every acknowledgement");
  }
  const double seconds =
      after.sum("rtt_exporter_bpf_run_seconds_total", {{"program", "tcp_probe"}});
  if ((seconds > 0) != statistics) {
    throw support::SetupError(statistics
                                  ? "no BPF run-time statistics"
                                  : "something else on this host has BPF run-time statistics on");
  }
  if (daemon.stop(10s) != 0) throw support::SetupError("the exporter does not stop");
}

void exporter_as_root(const Namespace& where, const Measure& measure) {
  exporter(where, measure, true);
}

// What a thread gives up in its bounding set, the programs that it starts do not get.
void exporter_as_service(const Namespace& where, const Measure& measure) {
  std::async(std::launch::async, [&] {
    if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0) != 0) {
      support::throw_errno("cannot give up CAP_SYS_ADMIN");
    }
    exporter(where, measure, false);
  }).get();
}

}  // namespace

std::vector<Condition> conditions() {
  return {{"the kernel's receive timestamps switched on", receive_timestamps},
          {"an empty program on tcp_probe", program<attach_empty>},
          {"the program of tcprtt on tcp_probe", program<attach_tcprtt>},
          {"rtt_exporter as its systemd unit runs it", exporter_as_service},
          {"rtt_exporter as root: with BPF run-time statistics", exporter_as_root}};
}

}  // namespace rtt::bench
