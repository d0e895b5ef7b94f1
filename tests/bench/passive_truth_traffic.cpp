#include "bench/passive_truth_traffic.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>

#include "support/capture.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::bench {
namespace {

using namespace std::chrono_literals;
using base::nanoseconds;

constexpr std::uint16_t kEchoPort = 7;
constexpr std::uint16_t kSinkPort = 9;
constexpr const char* kDevice = "veth0";

base::UniqueFd connect(const std::string& host, std::uint16_t port) {
  auto fd = support::connect_tcp(host, port, 60s);
  if (!fd) throw support::SetupError(fd.error().message);
  return std::move(*fd);
}

// The clock of a capture.
nanoseconds now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return base::to_nanoseconds(time);
}

nanoseconds smoothed_rtt(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) support::throw_errno("TCP_INFO");
  return std::chrono::microseconds(info.tcpi_rtt);
}

void pin_this_thread() {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  if (sched_setaffinity(0, sizeof first, &first) != 0) support::throw_errno("cannot pin a thread");
}

struct Exchange {
  nanoseconds start;
  nanoseconds end;
  nanoseconds smoothed;
  ProbeSamples::Taken probed;
};

std::vector<Exchange> exchange_in_turn(const std::string& host, const TwoHosts::Exchanges& wanted,
                                       ProbeSamples& samples) {
  if (wanted.pinned) pin_this_thread();
  std::vector<base::UniqueFd> open;
  for (int i = 0; i < wanted.connections; ++i) {
    open.push_back(connect(host, kEchoPort));
    if (!support::exchange(open.back().get(), "ping")) throw support::SetupError("no echo");
  }
  static_cast<void>(samples.take());
  std::vector<Exchange> exchanges;
  for (int i = 0; i < wanted.count; ++i) {
    const int fd = open[static_cast<std::size_t>(i % wanted.connections)].get();
    Exchange each{.start = now(), .end = {}, .smoothed = {}, .probed = {}};
    if (!support::exchange(fd, "ping")) throw support::SetupError("no echo");
    each.end = now();
    each.smoothed = smoothed_rtt(fd);
    each.probed = samples.take();
    exchanges.push_back(std::move(each));
    if (wanted.scrape_between) samples.collect();
  }
  return exchanges;
}

// Both in the order of time.
PairedSamples pair(const std::vector<Exchange>& exchanges,
                   const std::vector<support::AckRtt>& captured) {
  PairedSamples paired{.samples = {}, .exchanges = exchanges.size()};
  auto next = captured.begin();
  for (const Exchange& each : exchanges) {
    next =
        std::find_if(next, captured.end(), [&](const auto& rtt) { return rtt.time >= each.start; });
    const auto end =
        std::find_if(next, captured.end(), [&](const auto& rtt) { return rtt.time > each.end; });
    if (end - next == 1 && each.probed.count == 1) {
      paired.samples.push_back({next->rtt, each.probed.sum, each.smoothed});
    }
    next = end;
  }
  return paired;
}

void set_up_sender(int fd, int send_buffer) {
  // Unpaced: a paced segment leaves some microseconds after the time that the kernel notes for it.
  const std::string_view unpaced = "cubic";
  if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, unpaced.data(), unpaced.size()) != 0) {
    support::throw_errno("cubic");
  }
  if (send_buffer == 0) return;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer) != 0) {
    support::throw_errno("SO_SNDBUF");
  }
}

void send_blocks(int fd, const TwoHosts::Transfer& wanted) {
  const std::string block =
      support::size_message(wanted.block) + std::string(wanted.block - sizeof(std::uint64_t), 'x');
  for (int i = 0; i < wanted.blocks; ++i) {
    if (!support::send_all(fd, block) || !support::receive_exactly(fd, 1)) {
      throw support::SetupError("a transfer failed");
    }
  }
}

// Returns the smoothed RTT as it went.
std::vector<nanoseconds> transfer(const std::string& host, const TwoHosts::Transfer& wanted) {
  const base::UniqueFd fd = connect(host, kSinkPort);
  set_up_sender(fd.get(), wanted.send_buffer);
  std::vector<nanoseconds> smoothed;
  {
    const std::jthread poll([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(1ms);
        smoothed.push_back(smoothed_rtt(fd.get()));
      }
    });
    send_blocks(fd.get(), wanted);
  }
  return smoothed;
}

}  // namespace

TwoHosts::TwoHosts()
    : link_(support::connect_by_veth(here_, there_, kDevice)),
      echo_(there_, kEchoPort, support::echo),
      sink_(there_, kSinkPort, support::sink) {}

std::vector<support::AckRtt> TwoHosts::truth(const std::vector<support::CapturedPacket>& capture,
                                             bool ipv6) const {
  return support::ack_rtts(capture, *base::IpAddress::parse(ipv6 ? link_.a6 : link_.a4));
}

PairedSamples TwoHosts::exchange(const Exchanges& wanted) {
  const std::string host = wanted.ipv6 ? link_.b6 : link_.b4;
  ProbeSamples samples(host, {1ms});
  support::Capture capture(here_, kDevice, host);
  const auto exchanges = here_.run([&] { return exchange_in_turn(host, wanted, samples); });
  return pair(exchanges, truth(capture.finish(), wanted.ipv6));
}

BulkSamples TwoHosts::send(const Transfer& wanted, const std::vector<nanoseconds>& bounds) {
  ProbeSamples samples(link_.b4, bounds);
  support::Capture capture(here_, kDevice, link_.b4);
  BulkSamples result;
  result.smoothed = here_.run([&] { return transfer(link_.b4, wanted); });
  result.probed = samples.take();
  for (const auto& sample : truth(capture.finish(), false)) result.captured.push_back(sample.rtt);
  return result;
}

}  // namespace rtt::bench
