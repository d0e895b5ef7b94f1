// What a sample's value is.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "base/clock.h"
#include "measured_link.h"
#include "support/socket.h"

namespace rtt::bpf_test {
namespace {

using ValueTest = MeasuredLinkTest;
using base::nanoseconds;

/// Answers each byte after 2 ms, and makes its kernel wait with the acknowledgement until then.
class SlowServer {
 public:
  void operator()(int fd) {
    const int off = 0;
    char byte = 0;
    for (;;) {
      setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
      if (recv(fd, &byte, 1, 0) != 1) return;
      const auto received = base::Clock::now();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      held = nanoseconds(base::Clock::now() - received).count();
      if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1) return;
    }
  }

  std::atomic<std::int64_t> held = 0;
};

TEST_F(ValueTest, ASampleLiesBetweenWhatThePeerHeldItAndWhatTheClientWaited) {
  SlowServer slow;
  support::TcpService service(*server_, second_port_, std::ref(slow));
  Measurement measurement(both_hosts());
  auto fd = client_->run([&] { return support::connect_tcp(addresses_.b4, second_port_); });
  ASSERT_TRUE(fd.ok());
  // The first byte may arrive before the server has said how to acknowledge.
  ASSERT_TRUE(support::exchange(fd->get(), "x"));
  for (int i = 0; i < 20; ++i) {
    const auto before = measurement.snapshot("server", "tcp_probe").histogram;
    const auto sent = base::Clock::now();
    ASSERT_TRUE(support::exchange(fd->get(), "x"));
    const nanoseconds waited = base::Clock::now() - sent;
    const auto after = measurement.snapshot("server", "tcp_probe").histogram;
    ASSERT_EQ(after.count(), before.count() + 1);
    const double seconds = after.sum_seconds() - before.sum_seconds();
    ASSERT_GE(seconds, static_cast<double>(slow.held) * 1e-9);
    ASSERT_LE(seconds, base::to_seconds(waited));
  }
}

TEST_F(ValueTest, TheHandshakeIsTheKernelsOwnFirstRtt) {
  Measurement measurement(both_hosts());
  const auto fd = connect(addresses_.b4);
  tcp_info info{};
  socklen_t length = sizeof info;
  ASSERT_EQ(getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  const auto handshake = measurement.snapshot("server", "tcp_handshake").histogram;
  ASSERT_EQ(handshake.count(), 1u);
  EXPECT_NEAR(handshake.sum_seconds(), info.tcpi_rtt * 1e-6, 1e-9);
}

TEST_F(ValueTest, ASampleIsInTheCellOfItsValue) {
  Measurement measurement(both_hosts());
  const auto fd = connect(addresses_.b4);
  for (int i = 0; i < 100; ++i) {
    const auto before = measurement.snapshot("server", "tcp_probe").histogram;
    ASSERT_TRUE(support::exchange(fd.get(), "ping"));
    const auto after = measurement.snapshot("server", "tcp_probe").histogram;
    const double seconds = after.sum_seconds() - before.sum_seconds();
    const auto cell = Measurement::grid()->cell_of(nanoseconds(std::llround(seconds * 1e9)));
    ASSERT_EQ(after.cells()[cell], before.cells()[cell] + 1);
  }
}

}  // namespace
}  // namespace rtt::bpf_test
