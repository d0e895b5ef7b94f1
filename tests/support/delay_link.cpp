#include "support/delay_link.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <queue>
#include <thread>

#include "support/link_direction.h"
#include "support/priority.h"
#include "support/setup_error.h"
#include "support/statistics.h"

namespace rtt::support {
namespace {

using base::Clock;
using base::nanoseconds;
using base::TimePoint;
using namespace std::chrono_literals;

// The kernel's timer wakes a little late; the rest of the way is spent polling.
constexpr nanoseconds kSpin = 60us;
constexpr int kReadBatch = 16;
constexpr std::size_t kMaxPacket = 65536;

base::UniqueFd open_tun(const Namespace& where, const DelayLink::Options& options) {
  return where.run([&] {
    base::UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd) throw_errno("cannot open /dev/net/tun");
    ifreq request{};
    options.device.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) throw_errno("TUNSETIFF");
    return fd;
  });
}

base::UniqueFd open_end(const Namespace& where, const DelayLink::Options& options,
                        const std::string& v4, const std::string& v6) {
  base::UniqueFd fd = open_tun(where, options);
  // No super-packets: a TUN device would have them cut in software, which takes longer than the
  // precision asked for.
  where.command({"ip", "link", "set", options.device, "txqueuelen", "10000", "mtu",
                 std::to_string(options.mtu), "gso_max_segs", "1"});
  configure_interface(where, options.device, v4, v6);
  return fd;
}

}  // namespace

class DelayLink::Forwarder {
 public:
  Forwarder(base::UniqueFd tun_a, base::UniqueFd tun_b, std::uint64_t seed)
      : stop_(::eventfd(0, EFD_CLOEXEC)),
        ends_{End{std::move(tun_a), LinkDirection(seed)},
              End{std::move(tun_b), LinkDirection(seed + 1)}},
        thread_([this] { run(); }) {}

  ~Forwarder() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }

  void set(Direction direction, const Impairment& impairment) {
    const std::lock_guard lock(mutex_);
    ends_[index(direction)].direction.set(impairment);
  }

  std::vector<Passage> passages() const {
    const std::lock_guard lock(mutex_);
    return passages_;
  }

  void clear_passages() {
    const std::lock_guard lock(mutex_);
    passages_.clear();
  }

 private:
  struct End {
    base::UniqueFd tun;
    LinkDirection direction;  // of what is read here
  };
  struct InFlight {
    TimePoint due;
    std::uint64_t number;  // keeps the order of packets that are due together
    std::size_t from;
    Passage passage;
    std::vector<std::uint8_t> bytes;
    bool operator>(const InFlight& other) const {
      return std::tie(due, number) > std::tie(other.due, other.number);
    }
  };

  static std::size_t index(Direction direction) { return direction == Direction::kAToB ? 0 : 1; }

  void run() {
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    raise_priority(Priority::kLink);
    std::vector<std::uint8_t> buffer(kMaxPacket);
    while (wait()) {
      for (std::size_t from = 0; from < 2; ++from) {
        for (int i = 0; i < kReadBatch && receive(from, buffer); ++i) deliver_due();
      }
      deliver_due();
    }
  }

  // False: it is time to stop.
  bool wait() {
    pollfd fds[] = {{.fd = stop_.get(), .events = POLLIN, .revents = 0},
                    {.fd = ends_[0].tun.get(), .events = POLLIN, .revents = 0},
                    {.fd = ends_[1].tun.get(), .events = POLLIN, .revents = 0}};
    nanoseconds left = 1s;
    if (!in_flight_.empty()) {
      left = std::max<nanoseconds>(in_flight_.top().due - Clock::now() - kSpin, 0ns);
    }
    const timespec timeout{.tv_sec = left / 1s, .tv_nsec = (left % 1s).count()};
    ::ppoll(fds, std::size(fds), &timeout, nullptr);
    return fds[0].revents == 0;
  }

  bool receive(std::size_t from, std::vector<std::uint8_t>& buffer) {
    const ssize_t size = ::read(ends_[from].tun.get(), buffer.data(), buffer.size());
    if (size <= 0) return false;
    const TimePoint now = Clock::now();
    const std::span<const std::uint8_t> bytes(buffer.data(), static_cast<std::size_t>(size));
    const auto packet = IpPacket::parse(bytes, bytes.size()).value_or(IpPacket());
    const Passage passage{.direction = from == 0 ? Direction::kAToB : Direction::kBToA,
                          .packet = packet,
                          .entered = now,
                          .delay = std::nullopt};
    const std::lock_guard lock(mutex_);
    const std::vector<TimePoint> copies = ends_[from].direction.pass(packet, bytes.size(), now);
    if (copies.empty()) record(passage);
    for (const TimePoint due : copies) {
      in_flight_.push({due, next_number_++, from, passage, {bytes.begin(), bytes.end()}});
    }
    return true;
  }

  void deliver_due() {
    while (!in_flight_.empty() && in_flight_.top().due <= Clock::now()) {
      const InFlight& packet = in_flight_.top();
      // Taken before the write, which may run the receiving host's whole answer.
      Passage passage = packet.passage;
      passage.delay = Clock::now() - passage.entered;
      const int tun = ends_[1 - packet.from].tun.get();
      if (::write(tun, packet.bytes.data(), packet.bytes.size()) < 0) passage.delay.reset();
      in_flight_.pop();
      const std::lock_guard lock(mutex_);
      record(passage);
    }
  }

  void record(const Passage& passage) {
    if (passages_.size() < kMaxPassages) passages_.push_back(passage);
  }

  const base::UniqueFd stop_;
  mutable std::mutex mutex_;  // ends_[].direction and passages_; the rest is the thread's own
  std::array<End, 2> ends_;
  std::vector<Passage> passages_;
  std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> in_flight_;
  std::uint64_t next_number_ = 0;
  std::thread thread_;  // last: starts when everything is there
};

DelayLink::DelayLink(const Namespace& a, const Namespace& b, Options options)
    : addresses_(options.addresses) {
  base::UniqueFd tun_a = open_end(a, options, addresses_.a4, addresses_.a6);
  base::UniqueFd tun_b = open_end(b, options, addresses_.b4, addresses_.b6);
  forwarder_ = std::make_unique<Forwarder>(std::move(tun_a), std::move(tun_b), options.seed);
}

DelayLink::~DelayLink() = default;

void DelayLink::set(Direction direction, const Impairment& impairment) {
  forwarder_->set(direction, impairment);
}

void DelayLink::set_both(const Impairment& impairment) {
  set(Direction::kAToB, impairment);
  set(Direction::kBToA, impairment);
}

std::vector<Passage> DelayLink::passages() const { return forwarder_->passages(); }
void DelayLink::clear_passages() { forwarder_->clear_passages(); }

std::optional<base::nanoseconds> DelayLink::median_delay(Direction direction,
                                                         const PacketMatch& match) const {
  std::vector<nanoseconds> delays;
  for (const Passage& passage : passages()) {
    if (passage.direction == direction && passage.delay && match(passage.packet)) {
      delays.push_back(*passage.delay);
    }
  }
  if (delays.empty()) return std::nullopt;
  return median(std::move(delays));
}

}  // namespace rtt::support
