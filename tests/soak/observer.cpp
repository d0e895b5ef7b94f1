#include "soak/observer.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "support/scrape_rules.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::soak {
namespace {

using namespace std::chrono_literals;
using support::ProcessUsage;
using support::Scrape;

constexpr auto kPatience = 30s;

// Ids that nobody holds any more but the kernel still has.
std::set<std::uint32_t> left(int (*open_by_id)(std::uint32_t), const std::set<std::uint32_t>& seen,
                             const std::set<std::uint32_t>& held) {
  std::set<std::uint32_t> result;
  for (const std::uint32_t id : seen) {
    if (held.contains(id)) continue;
    const base::UniqueFd fd(open_by_id(id));
    if (fd || errno != ENOENT) result.insert(id);
  }
  return result;
}

}  // namespace

ProcessUsage Observer::usage() {
  const ProcessUsage now = support::usage_of(bed_.daemon.process().pid());
  maps_.insert(now.bpf_maps.begin(), now.bpf_maps.end());
  programs_.insert(now.bpf_programs.begin(), now.bpf_programs.end());
  peak_.descriptors = std::max(peak_.descriptors, now.descriptors);
  peak_.threads = std::max(peak_.threads, now.threads);
  peak_.bpf_maps = std::max(peak_.bpf_maps, now.bpf_maps.size());
  peak_.resident_bytes = std::max(peak_.resident_bytes, now.resident_bytes);
  return now;
}

void Observer::look() {
  (void)usage();
  scrape();
}

void Observer::scrape() {
  const auto response = bed_.daemon.get("/metrics");
  if (!response) throw support::SetupError("no scrape: " + response.error().message);
  auto scrape = Scrape::parse(response->body);
  if (!scrape) throw support::SetupError("a scrape cannot be read: " + scrape.error().message);
  for (const std::string& broken : support::broken_rules(*scrape)) findings_.add(broken);
  if (last_) {
    for (const std::string& fallen : support::fallen(support::counts_of(*last_, Bed::lives_on),
                                                     support::counts_of(*scrape, Bed::lives_on))) {
      findings_.add(fallen);
    }
  }
  last_ = std::move(*scrape);
}

void Observer::rest(std::chrono::milliseconds time) {
  bed_.daemon.write_config(bed_.rest_config());
  if (const auto response = bed_.daemon.reload(); response.status != 200) {
    throw support::SetupError("the rest configuration is refused: " + response.body);
  }
  const auto begin = std::chrono::steady_clock::now();
  ProcessUsage now = usage();
  Rest least{.descriptors = now.descriptors, .threads = now.threads};
  (void)support::wait_until(
      [&] {
        now = usage();
        least.descriptors = std::min(least.descriptors, now.descriptors);
        least.threads = std::min(least.threads, now.threads);
        least.bpf_maps = now.bpf_maps.size();
        least.bpf_programs = now.bpf_programs.size();
        return std::chrono::steady_clock::now() - begin >= time && is_as_at_first(least);
      },
      std::max<std::chrono::nanoseconds>(kPatience, time), 50ms);
  least.anonymous_bytes = static_cast<double>(now.anonymous_bytes);
  least.resident_bytes = static_cast<double>(now.resident_bytes);
  rests_.push_back(least);
  expect_none_left(now);
  scrape();
  expect_progress();
}

bool Observer::is_as_at_first(const Rest& rest) const {
  if (rests_.empty()) return true;
  const Rest& first = rests_.front();
  return rest.descriptors <= first.descriptors && rest.threads <= first.threads &&
         rest.bpf_maps <= first.bpf_maps && rest.bpf_programs <= first.bpf_programs;
}

// That every method of the targets that stay goes on measuring.
void Observer::expect_progress() {
  for (const std::string method : {"icmp", "tcp_connect", "tcp_echo", "udp_echo", "http",
                                   "tcp_probe", "tcp_handshake", "tcp_info"}) {
    const auto count = [&](const Scrape& scrape) {
      return scrape.sum("rtt_seconds_count", {{"target", "stays-far"}, {"method", method}});
    };
    const double before = last_rest_ ? count(*last_rest_) : 0;
    if (count(*last_) <= before) {
      findings_.add("no observation of " + method + " since the last rest");
    }
  }
  last_rest_ = last_;
}

void Observer::expect_none_left(const ProcessUsage& held) {
  // The kernel frees what is closed a moment later.
  const bool gone = support::wait_until(
      [&] {
        return left(bpf_map_get_fd_by_id, maps_, held.bpf_maps).empty() &&
               left(bpf_prog_get_fd_by_id, programs_, held.bpf_programs).empty();
      },
      kPatience);
  if (!gone) findings_.add("BPF objects that the daemon no longer holds are still in the kernel");
}

void Observer::stop() {
  const auto code = bed_.daemon.stop(30s);
  if (!code) return findings_.add("the daemon does not stop");
  if (*code != 0) {
    findings_.add("the daemon ends with " + std::to_string(*code) + ":\n" +
                  bed_.daemon.process().errors());
  }
  expect_none_left({});
}

}  // namespace rtt::soak
