#include "bench/active_truth_ours.h"

#include <algorithm>
#include <thread>

#include "integration/icmp_probers.h"
#include "probers/tcp_connect/options.h"
#include "probers/tcp_echo/options.h"
#include "support/setup_error.h"
#include "unit/probers/probe_harness.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::SetupError;

constexpr int kProbes = 100;
constexpr auto kTimeout = 10s;

double microseconds(base::nanoseconds value) { return static_cast<double>(value.count()) / 1e3; }

std::vector<Reported> run_icmp(const Bed& bed) {
  probers::icmp::Probers probers(bed.near(), {bed.peer()});
  std::vector<Reported> reported;
  for (std::size_t i = 0; i < kProbes; ++i) {
    probers.probe();
    if (!probers.finish()) throw SetupError("an icmp probe never ended");
    if (probers.ledger().replied != i + 1) throw SetupError("an icmp probe got no reply");
    reported.push_back(reported_now(microseconds(probers.last_rtt())));
    std::this_thread::sleep_for(kGap);
  }
  return reported;
}

std::vector<Reported> run_tcp(const Bed& bed, const std::string& name,
                              std::shared_ptr<const config::MethodOptions> options) {
  const auto methods = probers::method_table();
  const auto method = std::find_if(methods.begin(), methods.end(), [&](const auto& candidate) {
    return candidate.schema.name == name;
  });
  return bed.near().run([&] {
    probers::ProbeHarness harness(*method, std::move(options), kTimeout);
    harness.set_address(bed.peer().c_str());
    std::vector<Reported> reported;
    const auto deadline = base::Clock::now() + 30s;
    while (reported.size() < kProbes && base::Clock::now() < deadline) {
      harness.probe();
      if (!harness.finish()) throw SetupError("a probe of " + name + " never ended");
      // A tcp_echo probe without a connection fails, and sends nothing.
      const std::uint64_t replied = harness.ledger().replied;
      if (replied > reported.size()) {
        reported.push_back(reported_now(microseconds(harness.last_rtt())));
      }
      std::this_thread::sleep_for(kGap);
    }
    if (reported.size() < kProbes) throw SetupError(name + " got too few replies");
    return reported;
  });
}

}  // namespace

std::vector<Reporter> our_methods() {
  const probers::TcpOptions tcp{.port = kEchoPort};
  return {{.name = "rtt_exporter icmp", .executable = "", .run = run_icmp},
          {.name = "rtt_exporter tcp_connect",
           .executable = "",
           .kind = Exchange::kHandshake,
           .delayable = false,
           .run =
               [tcp](const Bed& bed) {
                 auto options = std::make_shared<probers::tcp_connect::Options>();
                 options->tcp = tcp;
                 return run_tcp(bed, "tcp_connect", std::move(options));
               }},
          {.name = "rtt_exporter tcp_echo",
           .executable = "",
           .kind = Exchange::kMessage,
           .run = [tcp](const Bed& bed) {
             auto options = std::make_shared<probers::tcp_echo::Options>();
             options->tcp = tcp;
             return run_tcp(bed, "tcp_echo", std::move(options));
           }}};
}

}  // namespace rtt::bench
