#include "bench/active_truth_tap.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <thread>

#include "bench/active_truth_programs.h"
#include "probers/timestamps.h"
#include "support/setup_error.h"

namespace rtt::bench {
namespace {

constexpr std::uint32_t kRequests = 100;

base::UniqueFd stamped_socket() {
  base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP));
  const unsigned flags = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE |
                         SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY |
                         SOF_TIMESTAMPING_OPT_ID;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) != 0) {
    support::throw_errno("cannot stamp echo requests");
  }
  return fd;
}

struct Stamps {
  base::nanoseconds queue{};
  base::nanoseconds driver{};
};

void read_stamps(int fd, probers::ReceiveBatch& memory, std::map<std::uint32_t, Stamps>& stamps) {
  probers::drain_error_queue(fd, memory, [&](const auto& message) {
    const auto& transmitted = message.control.transmitted;
    if (!transmitted || !message.control.timestamp) return;
    Stamps& of = stamps[transmitted->id];
    const bool queue = transmitted->type == SCM_TSTAMP_SCHED;
    (queue ? of.queue : of.driver) = *message.control.timestamp;
  });
}

}  // namespace

std::vector<double> queue_to_driver_us(const Bed& bed) {
  std::map<std::uint32_t, Stamps> stamps;
  bed.near().run([&] {
    const base::UniqueFd fd = stamped_socket();
    const base::SocketAddress peer(*base::IpAddress::parse(bed.peer()), 0);
    std::array<std::uint8_t, 64> request{ICMP_ECHO};
    probers::ReceiveBatch memory(4, 256);
    for (std::uint32_t i = 0; i < kRequests; ++i) {
      if (::sendto(fd.get(), request.data(), request.size(), 0, peer.get(), peer.length) < 0) {
        support::throw_errno("sendto");
      }
      std::this_thread::sleep_for(kGap);
      read_stamps(fd.get(), memory, stamps);
    }
  });
  std::vector<double> times;
  for (const auto& [id, of] : stamps) {
    if (id < kWarmUp || of.queue.count() == 0 || of.driver.count() == 0) continue;
    times.push_back(static_cast<double>((of.driver - of.queue).count()) / 1e3);
  }
  if (times.empty()) throw support::SetupError("no transmit timestamps");
  return times;
}

}  // namespace rtt::bench
