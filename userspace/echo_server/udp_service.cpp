#include "echo_server/udp_service.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace rtt::echo_server {
namespace {

// Other work of the loop gets its turn in between.
constexpr int kBatchesPerTurn = 2;
// Room for the probes of thousands of nodes at once; the kernel takes the memory only while
// datagrams wait, and without the privilege grants what its limit allows.
constexpr int kReceiveBytes = 4 << 20;

base::Error cannot_listen(const base::ListenAddress& address) {
  return base::errno_error("the echo server cannot listen on " + address.to_string() + " (UDP)");
}

void enlarge_buffer(int fd) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBytes, sizeof kReceiveBytes) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
  }
}

bool bind_to(int fd, const base::ListenAddress& address, int family) {
  const int on = 1;
  if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return false;
  }
  const base::IpAddress any =
      family == AF_INET6 ? base::IpAddress(in6addr_any) : base::IpAddress(in_addr{INADDR_ANY});
  const base::SocketAddress where(address.address.value_or(any), address.port);
  return ::bind(fd, where.get(), where.length) == 0;
}

}  // namespace

base::Result<base::UniqueFd> UdpService::bind(const base::ListenAddress& address, int family) {
  base::UniqueFd fd(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // What is to be known of datagrams is asked for before the first can come.
  if (!fd || !DatagramBatch::prepare(fd.get(), family) || !bind_to(fd.get(), address, family)) {
    return cannot_listen(address);
  }
  enlarge_buffer(fd.get());
  return fd;
}

UdpService::UdpService(base::EventLoop& loop, base::UniqueFd socket, std::uint16_t port,
                       DatagramBatch& batch, RepeatGuard& guard, OnRefused on_refused)
    : socket_(std::move(socket)),
      port_(port),
      batch_(batch),
      guard_(guard),
      on_refused_(std::move(on_refused)),
      watch_(loop.watch(socket_.get(), base::Interest::kRead, [this] { on_readable(); })) {}

void UdpService::on_readable() {
  RefusalCounts counts{};
  for (int turn = 0; turn < kBatchesPerTurn; ++turn) {
    const std::size_t count = batch_.receive(socket_.get());
    const base::TimePoint now = base::Clock::now();
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto refusal = consider(i, now, counts))
        ++counts[static_cast<std::size_t>(*refusal)];
    }
    counts[static_cast<std::size_t>(Refusal::kNotSent)] += batch_.send_answers(socket_.get());
    if (count < DatagramBatch::kCapacity) break;
  }
  const bool any = std::any_of(counts.begin(), counts.end(), [](auto count) { return count > 0; });
  if (any) on_refused_(counts);
}

std::optional<Refusal> UdpService::consider(std::size_t index, base::TimePoint now,
                                            RefusalCounts& counts) {
  auto [datagram, bytes, overflows] = batch_.received(index);
  if (overflows) {
    const std::uint32_t more = *overflows - std::exchange(overflows_, *overflows);
    counts[static_cast<std::size_t>(Refusal::kOverflow)] += more;
  }
  datagram.local_port = port_;
  if (const auto refusal = refusal_of(datagram)) return refusal;
  if (!guard_.allows(datagram.source, datagram.source_port, bytes, now)) return Refusal::kRepeated;
  batch_.answer(index);
  return std::nullopt;
}

}  // namespace rtt::echo_server
