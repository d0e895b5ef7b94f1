#include "fault_bed.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "configuration.h"

namespace rtt::integration {

using support::LabelSet;
using support::Scrape;

namespace {

LabelSet far(const std::string& method) { return {{"target", "far"}, {"method", method}}; }

}  // namespace

const std::string kPeerConfig =
    passive(false, false) + "echo_server: {listen: [\":10007\"]}\ntargets: []\n";

std::string every_method(const std::string& peer, const std::string& before,
                         const std::string& timeout) {
  const auto probe = [&timeout](const std::string& name, const std::string& keys) {
    return "  " + name + ": {method: " + keys + ", interval: 50ms, timeout: " + timeout + "}\n";
  };
  return before + passive(true, true) + "probes:\n" + probe("ping", "icmp") +
         probe("connect", "tcp_connect, port: 10007") + probe("echo", "tcp_echo, port: 10007") +
         probe("datagram", "udp_echo, port: 10007") +
         probe("page", "http, port: 10049, path: /-/healthy") +
         "targets:\n  - name: far\n    hosts: [\"" + peer +
         "\"]\n    probes: [ping, connect, echo, datagram, page]\n";
}

Scrape Watch::scrape() {
  Scrape scrape = scrape_();
  support::Counts counts = support::counts_of(scrape);
  EXPECT_THAT(support::fallen(last_, counts), ::testing::IsEmpty());
  last_ = std::move(counts);
  return scrape;
}

Scrape Watch::until(const std::function<bool(const Scrape&)>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    Scrape last = scrape();
    if (condition(last)) return last;
    if (std::chrono::steady_clock::now() >= deadline) {
      ADD_FAILURE() << "the scrape that the test waits for does not come";
      return last;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Scrape Watch::until_each(const Count& count, int more) {
  const Scrape before = scrape();
  return until([&](const Scrape& now) {
    return std::ranges::all_of(kProbeMethods, [&](const char* method) {
      return count(now, far(method)) >= count(before, far(method)) + more;
    });
  });
}

Scrape Watch::until_measured(int more) {
  return until_each(
      [](const Scrape& scrape, const LabelSet& labels) {
        return scrape.sum("rtt_probes_replied_total", labels);
      },
      more);
}

Scrape Watch::until_disturbed(int more) {
  return until_each(
      [](const Scrape& scrape, const LabelSet& labels) {
        return scrape.sum("rtt_probes_lost_total", labels) +
               scrape.sum("rtt_probes_failed_total", labels);
      },
      more);
}

double replied(const Scrape& scrape, const std::string& method) {
  return scrape.sum("rtt_probes_replied_total", far(method));
}

double failed(const Scrape& scrape, const std::string& method, const std::string& reason) {
  LabelSet labels = far(method);
  labels["reason"] = reason;
  return scrape.sum("rtt_probes_failed_total", labels);
}

int lines_with(const std::string& log, const std::string& text) {
  int count = 0;
  for (std::size_t at = 0; (at = log.find(text, at)) != std::string::npos; ++count) {
    at = std::min(log.find('\n', at), log.size());
  }
  return count;
}

int log_lines(support::Daemon& daemon) { return lines_with(daemon.process().errors(), "level="); }

}  // namespace rtt::integration
