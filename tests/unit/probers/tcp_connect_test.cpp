#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include <vector>

#include "base/clock.h"
#include "probers/tcp_connect/method.h"
#include "probers/tcp_connect/options.h"
#include "probers/tcp_connect/prober.h"
#include "unit/probers/probe_harness.h"
#include "unit/probers/proc_net_tcp.h"
#include "unit/probers/tcp_peer.h"

namespace rtt::probers::tcp_connect {
namespace {

using metrics::FailureReason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::TcpListener;
using support::TcpPeer;

const char* const kLoopback = "127.0.0.1";

base::IpAddress address_of(const char* literal) { return *base::IpAddress::parse(literal); }

std::shared_ptr<Options> options_for(std::uint16_t port) {
  auto options = std::make_shared<Options>();
  options->tcp.port = port;
  return options;
}

class Harness : public ProbeHarness {
 public:
  explicit Harness(const std::shared_ptr<Options>& options, base::nanoseconds timeout = seconds(10),
                   const char* address = kLoopback)
      : ProbeHarness(method(), options, timeout) {
    set_address(address);
  }
  explicit Harness(std::uint16_t port) : Harness(options_for(port)) {}
};

/// A port of loopback where SYNs vanish: the queue of its listener is full.
class BlackHole {
 public:
  BlackHole() : listener_(address_of(kLoopback), 0, 0) {
    // One connection more than the backlog of 0 is accepted by the kernel.
    filler_.push_back(TcpPeer::connect(address_of(kLoopback), listener_.port()));
  }
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  /// Lets SYNs through again, once.
  void open() { accepted_.push_back(listener_.accept()); }

 private:
  TcpListener listener_;
  std::vector<TcpPeer> filler_;
  std::vector<TcpPeer> accepted_;
};

TEST(TcpConnect, AnAcceptedConnectionIsAReply) {
  const TcpListener listener(address_of(kLoopback));
  Harness harness(listener.port());
  harness.probe_and_finish();
  EXPECT_EQ(harness.ledger().replied, 1u);
}

TEST(TcpConnect, TheKernelsHandshakeTimeIsWithinTheTimeOfTheWholeProbe) {
  const TcpListener listener(address_of(kLoopback));
  Harness harness(listener.port());
  const base::TimePoint before = base::Clock::now();
  harness.probe_and_finish();
  EXPECT_LT(harness.last_rtt(), base::Clock::now() - before);
}

TEST(TcpConnect, TheHandshakeTakesTime) {
  const TcpListener listener(address_of(kLoopback));
  Harness harness(listener.port());
  harness.probe_and_finish();
  EXPECT_GT(harness.last_rtt(), base::nanoseconds(0));
}

TEST(TcpConnect, Ipv6Works) {
  const TcpListener listener(address_of("::1"));
  Harness harness(options_for(listener.port()), seconds(10), "::1");
  harness.probe_and_finish();
  EXPECT_EQ(harness.ledger().replied, 1u);
}

TEST(TcpConnect, ARefusalIsAFailureWithThatReason) {
  Harness harness(support::unused_tcp_port());
  harness.probe_and_finish();
  EXPECT_EQ(harness.failed(FailureReason::kRefused), 1u);
}

TEST(TcpConnect, ARefusalIsAlsoAnObservation) {
  Harness harness(support::unused_tcp_port());
  harness.probe_and_finish();
  EXPECT_EQ(harness.observed(), 1u);
}

TEST(TcpConnect, ASynThatVanishesIsLostAtTheTimeout) {
  const BlackHole black_hole;
  Harness harness(options_for(black_hole.port()), milliseconds(100));
  harness.probe_and_finish();
  EXPECT_EQ(harness.ledger().lost, 1u);
}

TEST(TcpConnect, ASynThatHadToBeSentAgainIsLostThoughItWasAnswered) {
  BlackHole black_hole;
  Harness harness(options_for(black_hole.port()), seconds(30));
  harness.probe();
  black_hole.open();
  ASSERT_TRUE(harness.finish());
  EXPECT_EQ(harness.ledger().lost, 1u);
}

TEST(TcpConnect, ASynThatHadToBeSentAgainIsNoObservation) {
  BlackHole black_hole;
  Harness harness(options_for(black_hole.port()), seconds(30));
  harness.probe();
  black_hole.open();
  ASSERT_TRUE(harness.finish());
  EXPECT_EQ(harness.observed(), 0u);
}

TEST(TcpConnect, ConnectionsLeaveNoTimeWait) {
  const TcpListener listener(address_of(kLoopback));
  Harness harness(listener.port());
  for (int i = 0; i < 5; ++i) {
    harness.probe_and_finish();
    const TcpPeer client = listener.accept();
  }
  EXPECT_EQ(support::time_wait_sockets_to(listener.port()), 0);
}

TEST(TcpConnect, TheConnectionIsResetOnceMeasured) {
  const TcpListener listener(address_of(kLoopback));
  Harness harness(listener.port());
  harness.probe_and_finish();
  const TcpPeer client = listener.accept();
  EXPECT_EQ(client.read_some(), std::nullopt);
}

TEST(TcpConnect, NoDescriptorIsLeftBehind) {
  const TcpListener listener(address_of(kLoopback));
  const BlackHole black_hole;
  Harness replied(listener.port());
  Harness lost(options_for(black_hole.port()), milliseconds(50));
  Harness refused(support::unused_tcp_port());
  const auto before = support::open_descriptors();
  for (Harness* harness : {&replied, &lost, &refused}) harness->probe_and_finish();
  EXPECT_EQ(support::open_descriptors(), before);
}

TEST(TcpConnect, WithoutAnAddressAProbeFailsAsUnresolved) {
  Harness harness(1);
  harness.set_address(std::nullopt);
  harness.probe();
  EXPECT_EQ(harness.failed(FailureReason::kUnresolved), 1u);
}

TEST(TcpConnect, AProbeInFlightIsCancelledWithItsProber) {
  const BlackHole black_hole;
  Harness harness(options_for(black_hole.port()));
  harness.probe();
  harness.destroy_prober();
  EXPECT_EQ(harness.failed(FailureReason::kCancelled), 1u);
}

TEST(TcpConnect, AProbeInFlightGoesOnWhenTheAddressChanges) {
  BlackHole black_hole;
  Harness harness(options_for(black_hole.port()), milliseconds(100));
  harness.probe();
  harness.set_address("127.0.0.2");
  ASSERT_TRUE(harness.finish());
  EXPECT_EQ(harness.ledger().lost, 1u);
}

TEST(TcpConnect, ProbesInFlightAreBounded) {
  const BlackHole black_hole;
  Harness harness(options_for(black_hole.port()), seconds(60));
  for (std::size_t i = 0; i <= ConnectProber::kMaxInFlight; ++i) harness.probe();
  EXPECT_EQ(harness.failed(FailureReason::kSendError), 1u);
}

TEST(TcpConnect, WithoutADescriptorAProbeFailsAsSendError) {
  const TcpListener listener(address_of(kLoopback));
  Harness harness(listener.port());
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  harness.probe();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(harness.failed(FailureReason::kSendError), 1u);
}

TEST(TcpConnect, TheConnectionComesFromTheConfiguredSource) {
  const TcpListener listener(address_of(kLoopback));
  auto options = options_for(listener.port());
  options->tcp.socket.source = address_of("127.0.0.77");
  Harness harness(options);
  harness.probe();
  const TcpPeer client = listener.accept();
  EXPECT_EQ(client.remote_address(), address_of("127.0.0.77"));
}

TEST(TcpConnect, ASourceThatIsNotOfThisHostFailsAsNoRoute) {
  auto options = options_for(9);
  options->tcp.socket.source = address_of("192.0.2.1");
  Harness harness(options);
  harness.probe();
  EXPECT_EQ(harness.failed(FailureReason::kNoRoute), 1u);
}

TEST(TcpConnect, ASourceOfTheOtherFamilyFailsAsNoRoute) {
  auto options = options_for(9);
  options->tcp.socket.source = address_of("::1");
  Harness harness(options);
  harness.probe();
  EXPECT_EQ(harness.failed(FailureReason::kNoRoute), 1u);
}

TEST(TcpConnect, OptionsDifferByEachKey) {
  const auto plain = options_for(443);
  auto other_port = options_for(444);
  auto other_dscp = options_for(443);
  other_dscp->tcp.socket.dscp = 46;
  auto other_source = options_for(443);
  other_source->tcp.socket.source = address_of(kLoopback);
  EXPECT_TRUE(plain->equals(*options_for(443)));
  for (const auto& other : {other_port, other_dscp, other_source}) {
    EXPECT_FALSE(plain->equals(*other));
  }
}

}  // namespace
}  // namespace rtt::probers::tcp_connect
