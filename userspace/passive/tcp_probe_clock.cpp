#include "passive/tcp_probe_clock.h"

#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <ctime>
#include <limits>
#include <utility>

namespace rtt::passive {
namespace {

using base::nanoseconds;

nanoseconds read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return base::to_nanoseconds(now);
}

// Of several readings the one that was interrupted least.
nanoseconds realtime_minus_monotonic() {
  nanoseconds best{};
  nanoseconds shortest = nanoseconds::max();
  for (int i = 0; i < 32; ++i) {
    const nanoseconds before = read_clock(CLOCK_MONOTONIC);
    const nanoseconds realtime = read_clock(CLOCK_REALTIME);
    const nanoseconds after = read_clock(CLOCK_MONOTONIC);
    if (after - before >= shortest) continue;
    shortest = after - before;
    best = realtime - before - shortest / 2;
  }
  return best;
}

}  // namespace

base::Result<std::unique_ptr<ArrivalClock>> ArrivalClock::create(base::EventLoop& loop,
                                                                 OnDifference on_difference) {
  base::UniqueFd stamps(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!stamps) stamps.reset(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!stamps || setsockopt(stamps.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
    return base::errno_error("cannot ask for receive timestamps");
  }
  base::UniqueFd timer(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer) return base::errno_error("cannot watch the clock");
  std::unique_ptr<ArrivalClock> clock(
      new ArrivalClock(std::move(on_difference), std::move(stamps), std::move(timer)));
  clock->arm_and_tell();
  clock->watch_ = loop.watch(clock->timer_.get(), base::Interest::kRead,
                             [raw = clock.get()] { raw->arm_and_tell(); });
  return clock;
}

ArrivalClock::ArrivalClock(OnDifference on_difference, base::UniqueFd stamps, base::UniqueFd timer)
    : on_difference_(std::move(on_difference)),
      stamps_(std::move(stamps)),
      timer_(std::move(timer)) {}

void ArrivalClock::arm_and_tell() {
  // Reading fails with ECANCELED after the time was set; that is the news, and takes it away.
  std::uint64_t expirations = 0;
  static_cast<void>(read(timer_.get(), &expirations, sizeof expirations));
  // Armed before the clocks are read, so that no change can fall between.
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<std::int32_t>::max();
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
  on_difference_(realtime_minus_monotonic());
}

}  // namespace rtt::passive
