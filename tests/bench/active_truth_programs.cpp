#include "bench/active_truth_programs.h"

#include <chrono>
#include <sstream>
#include <thread>

#include "bench/active_truth_ours.h"
#include "support/http_client.h"
#include "support/metrics_text.h"
#include "support/process.h"
#include "support/setup_error.h"
#include "support/temporary_directory.h"
#include "support/wait_until.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using support::SetupError;

constexpr const char* kProbes = "100";

support::Scrape scrape(const Bed& bed, std::uint16_t port, const std::string& path) {
  const auto response = support::fetch({.where = &bed.near(), .port = port, .path = path});
  if (!response) throw SetupError(path + ": " + response.error().message);
  auto parsed = support::Scrape::parse(response->body);
  if (!parsed) throw SetupError(path + ": " + parsed.error().message);
  return *std::move(parsed);
}

void wait_for_server(const Bed& bed, std::uint16_t port) {
  const auto answers = [&] {
    return support::fetch({.where = &bed.near(), .port = port, .path = "/metrics"}).ok();
  };
  if (!support::wait_until(answers)) throw SetupError("nothing on port " + std::to_string(port));
}

/// What each line says between `before` and " ms", and at its start, in brackets, the time.
std::vector<Reported> from_lines(const std::string& output, const std::string& before) {
  std::vector<Reported> reported;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(before);
    if (!line.starts_with("[") || at == std::string::npos) continue;
    if (line.find(" ms", at) == std::string::npos) continue;
    // Digits are cut off, not rounded: the time is a little too early.
    const auto when = std::chrono::duration_cast<base::nanoseconds>(
        std::chrono::duration<long double>(std::stold(line.substr(1))) + 10us);
    reported.push_back({when, when, std::stod(line.substr(at + before.size())) * 1e3});
  }
  return reported;
}

std::vector<Reported> run_ping(const Bed& bed) {
  return from_lines(
      support::run_command({"ping", "-D", "-n", "-i", "0.002", "-c", kProbes, bed.peer()},
                           {.where = &bed.near()}),
      "time=");
}

std::vector<Reported> run_fping(const Bed& bed) {
  // -t: fping's own timeout is the period, which is no longer than the peer takes.
  return from_lines(
      support::run_command({"fping", "-D", "-p", "2", "-t", "500", "-c", kProbes, bed.peer()},
                           {.where = &bed.near()}),
      "bytes, ");
}

struct SmokepingState {
  double replies = 0;
  double sum_seconds = 0;
};

SmokepingState smokeping_state(const Bed& bed, std::uint16_t port) {
  const auto now = scrape(bed, port, "/metrics");
  return {.replies = now.sum("smokeping_response_duration_seconds_count"),
          .sum_seconds = now.sum("smokeping_response_duration_seconds_sum")};
}

/// Its histogram's sum grows by one RTT from scrape to scrape when there is one probe between them.
std::vector<Reported> run_smokeping(const Bed& bed) {
  constexpr std::uint16_t kPort = 9374;
  constexpr std::size_t kEnough = 50;
  const support::Process process(
      {"prometheus-smokeping-prober", "--no-privileged", "--log.level=error",
       "--ping.interval=60ms", "--web.listen-address=127.0.0.1:" + std::to_string(kPort),
       bed.peer()},
      {.where = &bed.near()});
  wait_for_server(bed, kPort);
  std::vector<Reported> reported;
  SmokepingState last = smokeping_state(bed, kPort);
  const auto deadline = base::Clock::now() + 20s;
  while (reported.size() < kEnough && base::Clock::now() < deadline) {
    std::this_thread::sleep_for(30ms);
    const base::nanoseconds asked = realtime_now();
    const SmokepingState now = smokeping_state(bed, kPort);
    if (now.replies == last.replies + 1) {
      reported.push_back({asked, realtime_now(), (now.sum_seconds - last.sum_seconds) * 1e6});
    }
    last = now;
  }
  return reported;
}

std::vector<Reported> run_blackbox(const Bed& bed) {
  constexpr std::uint16_t kPort = 9115;
  const support::TemporaryDirectory directory;
  const support::Process process(
      {"prometheus-blackbox-exporter", "--log.level=error",
       "--web.listen-address=127.0.0.1:" + std::to_string(kPort),
       "--config.file=" + directory.write("blackbox.yml",
                                          "modules:\n  icmp:\n    prober: icmp\n"
                                          "    icmp: {preferred_ip_protocol: ip4}\n")},
      {.where = &bed.near()});
  wait_for_server(bed, kPort);
  std::vector<Reported> reported;
  for (std::size_t i = 0; i < std::stoul(kProbes); ++i) {
    const auto answer = scrape(bed, kPort, "/probe?module=icmp&target=" + bed.peer());
    const auto rtt = answer.value("probe_icmp_duration_seconds", {{"phase", "rtt"}});
    if (!rtt || answer.value("probe_success") != 1) throw SetupError("blackbox_exporter: no reply");
    reported.push_back(reported_now(*rtt * 1e6));
    std::this_thread::sleep_for(kGap);
  }
  return reported;
}

}  // namespace

std::vector<Reporter> reporters() {
  std::vector<Reporter> all = our_methods();
  all.push_back({.name = "ping", .executable = "ping", .run = run_ping});
  all.push_back({.name = "fping", .executable = "fping", .run = run_fping});
  all.push_back({.name = "smokeping_prober",
                 .executable = "prometheus-smokeping-prober",
                 .run = run_smokeping});
  all.push_back({.name = "blackbox_exporter",
                 .executable = "prometheus-blackbox-exporter",
                 .run = run_blackbox});
  return all;
}

}  // namespace rtt::bench
