#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "probers/tcp_echo/backoff.h"
#include "probers/tcp_echo/method.h"
#include "probers/tcp_echo/options.h"
#include "probers/tcp_echo/prober.h"
#include "unit/probers/probe_harness.h"
#include "unit/probers/proc_net_tcp.h"
#include "unit/probers/tcp_peer.h"

namespace rtt::probers::tcp_echo {
namespace {

using metrics::FailureReason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::TcpListener;
using support::TcpPeer;
using support::wait_until;

constexpr std::size_t kSize = 32;
const char* const kLoopback = "127.0.0.1";

base::IpAddress address_of(const char* literal) { return *base::IpAddress::parse(literal); }

std::shared_ptr<Options> options_for(std::uint16_t port) {
  auto options = std::make_shared<Options>();
  options->tcp.port = port;
  options->payload_bytes = kSize;
  return options;
}

/// A prober and the service it talks to, which the test plays by hand.
class TcpEcho : public ::testing::Test {
 protected:
  void start(base::nanoseconds timeout, std::shared_ptr<Options> options) {
    harness_ = std::make_unique<ProbeHarness>(method(), std::move(options), timeout);
    harness_->set_address(kLoopback);
  }
  void start(base::nanoseconds timeout = seconds(10)) {
    start(timeout, options_for(listener_.port()));
  }
  /// Starts a probe, and accepts the connection it makes.
  [[nodiscard]] TcpPeer probe_and_accept() {
    harness_->probe();
    return listener_.accept();
  }
  void echo_one(const TcpPeer& service) {
    const std::string message = service.read_exactly(kSize);
    ASSERT_EQ(message.size(), kSize);
    ASSERT_TRUE(service.write(message));
  }
  void echo_one_after(const TcpPeer& service, base::nanoseconds delay) {
    const std::string message = service.read_exactly(kSize);
    const base::TimePoint due = base::Clock::now() + delay;
    std::this_thread::sleep_until(due);
    ASSERT_TRUE(service.write(message));
  }
  [[nodiscard]] metrics::ProbeLedger ledger() { return harness_->ledger(); }
  /// Probes until one gets through to the listener: a back-off lies in between.
  [[nodiscard]] bool probe_until_connected() {
    return wait_until([this] {
      harness_->probe();
      return listener_.has_client();
    });
  }

  TcpListener listener_{address_of(kLoopback)};
  std::unique_ptr<ProbeHarness> harness_;
};

TEST_F(TcpEcho, AnEchoIsAReply) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
}

TEST_F(TcpEcho, TheRoundTripIsWithinTheTimeOfTheWholeProbe) {
  start();
  const base::TimePoint before = base::Clock::now();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_LT(harness_->last_rtt(), base::Clock::now() - before);
}

TEST_F(TcpEcho, TheRoundTripIncludesTheTimeInTheService) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one_after(service, milliseconds(20));
  ASSERT_TRUE(harness_->finish());
  EXPECT_GE(harness_->last_rtt(), milliseconds(20));
}

TEST_F(TcpEcho, TheRoundTripComesFromTheKernelsClocks) {
  start();
  const TcpPeer service = probe_and_accept();
  // The kernel switches receive timestamps on a moment after a socket asks for them.
  EXPECT_TRUE(wait_until([&] {
    echo_one(service);
    const bool all_fell_back =
        !harness_->finish() ||
        harness_->shows("rtt_exporter_timestamp_fallbacks_total{method=\"tcp_echo\"} " +
                        std::to_string(ledger().replied));
    if (all_fell_back) harness_->probe();
    return !all_fell_back;
  }));
}

TEST_F(TcpEcho, TheTimeBetweenArrivalAndReadingIsNotPartOfTheRoundTrip) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  harness_->probe();
  base::TimePoint written;
  harness_->on_loop([&] {  // the prober cannot read meanwhile
    echo_one(service);
    written = base::Clock::now();
    while (base::Clock::now() < written + milliseconds(200)) std::this_thread::yield();
  });
  ASSERT_TRUE(harness_->finish());
  EXPECT_LT(harness_->last_rtt(), milliseconds(200));
}

TEST_F(TcpEcho, ProbesUseOneConnection) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  for (int i = 0; i < 4; ++i) {
    harness_->probe();
    echo_one(service);
  }
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 5u);
}

TEST_F(TcpEcho, AnEchoInSingleBytesIsAReply) {
  start();
  const TcpPeer service = probe_and_accept();
  const int on = 1;
  setsockopt(service.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (const char byte : service.read_exactly(kSize)) service.write(std::string(1, byte));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
}

TEST_F(TcpEcho, EchoesJoinedInOneSegmentAreReplies) {
  start();
  const TcpPeer service = probe_and_accept();
  harness_->probe();
  harness_->probe();
  const std::string messages = service.read_exactly(3 * kSize);
  ASSERT_EQ(messages.size(), 3 * kSize);
  service.write(messages);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 3u);
}

TEST_F(TcpEcho, Ipv6Works) {
  const TcpListener listener(address_of("::1"));
  start(seconds(10), options_for(listener.port()));
  harness_->set_address("::1");
  harness_->probe();
  const TcpPeer service = listener.accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
}

TEST_F(TcpEcho, TheLargestMessageIsAReply) {
  auto options = options_for(listener_.port());
  options->payload_bytes = kMaxPayloadBytes;
  start(seconds(10), options);
  const TcpPeer service = probe_and_accept();
  service.write(service.read_exactly(kMaxPayloadBytes));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
}

TEST_F(TcpEcho, AProbeWithoutAnEchoIsLost) {
  start(milliseconds(50));
  const TcpPeer service = probe_and_accept();
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().lost, 1u);
}

TEST_F(TcpEcho, AnEchoAfterTheTimeoutIsLateAndItsProbeStaysLost) {
  start(milliseconds(50));
  const TcpPeer service = probe_and_accept();
  ASSERT_TRUE(harness_->finish());
  echo_one(service);
  ASSERT_TRUE(wait_until([this] { return ledger().late == 1; }));
  EXPECT_EQ(ledger().lost, 1u);
  EXPECT_EQ(ledger().replied, 0u);
}

TEST_F(TcpEcho, ALateEchoIsNoObservation) {
  start(milliseconds(50));
  const TcpPeer service = probe_and_accept();
  ASSERT_TRUE(harness_->finish());
  echo_one(service);
  ASSERT_TRUE(wait_until([this] { return ledger().late == 1; }));
  EXPECT_EQ(harness_->observed(), 0u);
}

TEST_F(TcpEcho, AfterALateEchoTheNextProbeIsRepliedTo) {
  start(milliseconds(200));
  const TcpPeer service = probe_and_accept();
  ASSERT_TRUE(harness_->finish());
  echo_one(service);
  ASSERT_TRUE(wait_until([this] { return ledger().late == 1; }));
  harness_->probe();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
}

TEST_F(TcpEcho, AMessageThatHadToBeSentAgainIsLostThoughItsEchoCame) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  service.lose_arrivals();
  harness_->probe();
  service.stop_losing();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().lost, 1u);
  EXPECT_EQ(harness_->observed(), 1u);
}

TEST_F(TcpEcho, AMessageThatWaitedBehindALostOneIsNeitherLostNorAnObservation) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  service.lose_arrivals();
  harness_->probe();
  service.stop_losing();
  harness_->probe();
  echo_one(service);
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().lost, 1u);
  EXPECT_EQ(ledger().failed_total(), 1u);
  EXPECT_EQ(harness_->observed(), 1u);
}

TEST_F(TcpEcho, AfterALostMessageTheNextIsMeasured) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  service.lose_arrivals();
  harness_->probe();
  service.stop_losing();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  harness_->probe();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().lost, 1u);
  EXPECT_EQ(ledger().replied, 2u);
}

TEST_F(TcpEcho, AnEchoThatTookARetransmissionTimeLongerThanUsualIsLost) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  harness_->probe();
  echo_one_after(service, milliseconds(400));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().lost, 1u);
}

TEST_F(TcpEcho, AServiceThatBecameSlowForGoodIsMeasured) {
  start();
  const TcpPeer service = probe_and_accept();
  for (int i = 0; i < 5; ++i) {
    if (i > 0) harness_->probe();
    echo_one_after(service, milliseconds(400));
    ASSERT_TRUE(harness_->finish());
  }
  EXPECT_EQ(ledger().replied, 1u);
  EXPECT_GE(harness_->last_rtt(), milliseconds(400));
}

TEST_F(TcpEcho, BytesThatAreNoEchoFailTheProbesInFlight) {
  start();
  const TcpPeer service = probe_and_accept();
  harness_->probe();
  service.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->failed(FailureReason::kBadReply), 2u);
}

TEST_F(TcpEcho, BytesThatAreNoEchoEndTheConnection) {
  start();
  const TcpPeer service = probe_and_accept();
  ASSERT_EQ(service.read_exactly(kSize).size(), kSize);
  service.write(std::string(kSize, 'x'));
  EXPECT_EQ(service.read_some(), std::nullopt);
}

TEST_F(TcpEcho, UnaskedBytesEndTheConnection) {
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  service.write("x");
  EXPECT_EQ(service.read_some(), std::nullopt);
}

TEST_F(TcpEcho, AnEchoFollowedByMoreBytesIsStillAReply) {
  start();
  const TcpPeer service = probe_and_accept();
  service.write(service.read_exactly(kSize) + "more");
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
}

TEST_F(TcpEcho, AConnectionThatThePeerClosesFailsTheProbesInFlight) {
  start();
  TcpPeer service = probe_and_accept();
  ASSERT_EQ(service.read_exactly(kSize).size(), kSize);
  service.close();
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->failed(FailureReason::kDisconnected), 1u);
}

TEST_F(TcpEcho, AConnectionThatThePeerResetsFailsTheProbesInFlight) {
  start();
  TcpPeer service = probe_and_accept();
  service.close();  // with the message unread, so the kernel resets
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->failed(FailureReason::kDisconnected), 1u);
}

TEST_F(TcpEcho, AnIdleConnectionThatThePeerClosesFailsNothing) {
  start();
  TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  const auto both_ends = support::open_descriptors();
  service.close();
  ASSERT_TRUE(wait_until([&] { return support::open_descriptors() == both_ends - 2; }));
  ASSERT_TRUE(probe_until_connected());
  EXPECT_EQ(ledger().failed_total(), harness_->failed(FailureReason::kNotConnected));
}

TEST_F(TcpEcho, AfterTheServiceCameBackProbesAreRepliedToAgain) {
  start();
  TcpPeer service = probe_and_accept();
  ASSERT_EQ(service.read_exactly(kSize).size(), kSize);
  service.close();
  ASSERT_TRUE(harness_->finish());
  ASSERT_TRUE(probe_until_connected());
  const TcpPeer back = listener_.accept();
  echo_one(back);
  EXPECT_TRUE(wait_until([this] { return ledger().replied == 1; }));
}

TEST_F(TcpEcho, ARefusedConnectionFailsTheProbeThatWaitedForIt) {
  start(seconds(10), options_for(support::unused_tcp_port()));
  harness_->probe_and_finish();
  EXPECT_EQ(harness_->failed(FailureReason::kRefused), 1u);
}

TEST_F(TcpEcho, AfterARefusalAProbeFailsAsNotConnectedUntilTheNextAttempt) {
  start(seconds(10), options_for(support::unused_tcp_port()));
  harness_->probe_and_finish();
  harness_->probe();
  EXPECT_EQ(harness_->failed(FailureReason::kNotConnected), 1u);
}

TEST_F(TcpEcho, AProbeThatWaitsForASilentPeerIsLost) {
  const TcpListener full(address_of(kLoopback), 0, 0);
  const TcpPeer filler = TcpPeer::connect(address_of(kLoopback), full.port());
  start(milliseconds(100), options_for(full.port()));
  harness_->probe_and_finish();
  EXPECT_EQ(ledger().lost, 1u);
}

TEST_F(TcpEcho, TheTimeOfConnectingIsNotPartOfTheRoundTrip) {
  const TcpListener full(address_of(kLoopback), 0, 0);
  const TcpPeer filler = TcpPeer::connect(address_of(kLoopback), full.port());
  start(seconds(30), options_for(full.port()));
  harness_->probe();
  const TcpPeer first = full.accept();    // the filler; makes room for the SYN that is sent again
  const TcpPeer service = full.accept();  // a second later
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
  EXPECT_LT(harness_->last_rtt(), milliseconds(500));
}

TEST_F(TcpEcho, AConnectionWithoutAnyEchoIsReplaced) {
  start(milliseconds(20));
  const TcpPeer silent = probe_and_accept();
  EXPECT_TRUE(probe_until_connected());
}

TEST_F(TcpEcho, APeerThatDoesNotReadBlocksNothingAndIsBounded) {
  auto options = options_for(listener_.port());
  options->payload_bytes = kMaxPayloadBytes;
  start(seconds(60), options);
  const TcpPeer deaf = probe_and_accept();
  for (int i = 0; i < 3000; ++i) harness_->probe();
  EXPECT_GT(harness_->failed(FailureReason::kSendError), 0u);
  EXPECT_LE(ledger().in_flight, 1024u);
}

TEST_F(TcpEcho, AProbeInFlightIsCancelledWithItsProber) {
  start();
  const TcpPeer service = probe_and_accept();
  harness_->destroy_prober();
  EXPECT_EQ(harness_->failed(FailureReason::kCancelled), 1u);
}

TEST_F(TcpEcho, WithoutAnAddressAProbeFailsAsUnresolved) {
  start();
  harness_->set_address(std::nullopt);
  harness_->probe();
  EXPECT_EQ(harness_->failed(FailureReason::kUnresolved), 1u);
}

TEST_F(TcpEcho, AProbeInFlightGoesOnWhenTheAddressChanges) {
  start();
  const TcpPeer service = probe_and_accept();
  harness_->set_address("127.0.0.2");
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 1u);
}

TEST_F(TcpEcho, TheConnectionToAFormerAddressIsClosedAfterItsLastEcho) {
  start();
  const TcpPeer service = probe_and_accept();
  harness_->set_address("127.0.0.2");
  echo_one(service);
  EXPECT_EQ(service.read_some(), std::nullopt);
}

TEST_F(TcpEcho, AfterAnAddressChangeTheNextProbeGoesToTheNewOne) {
  const TcpListener other(address_of("127.0.0.2"), listener_.port());
  start();
  const TcpPeer service = probe_and_accept();
  echo_one(service);
  ASSERT_TRUE(harness_->finish());
  harness_->set_address("127.0.0.2");
  harness_->probe();
  const TcpPeer moved = other.accept();
  echo_one(moved);
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 2u);
}

TEST_F(TcpEcho, ConnectionsToFormerAddressesAreBounded) {
  start();
  std::vector<TcpPeer> services;
  for (std::size_t i = 0; i <= Lane::kMaxFormer; ++i) {
    services.push_back(probe_and_accept());
    harness_->set_address(std::nullopt);
    harness_->set_address(kLoopback);
  }
  EXPECT_EQ(harness_->failed(FailureReason::kCancelled), 1u);
}

TEST_F(TcpEcho, TheConnectionComesFromTheConfiguredSource) {
  auto options = options_for(listener_.port());
  options->tcp.socket.source = address_of("127.0.0.77");
  start(seconds(10), options);
  const TcpPeer service = probe_and_accept();
  EXPECT_EQ(service.remote_address(), address_of("127.0.0.77"));
}

TEST_F(TcpEcho, SourcePortsTakeTurns) {
  auto options = options_for(listener_.port());
  options->source_ports = 3;
  start(seconds(10), options);
  std::vector<TcpPeer> services;
  for (int i = 0; i < 3; ++i) {
    services.push_back(probe_and_accept());
    echo_one(services.back());
  }
  for (const TcpPeer& service : services) {
    harness_->probe();
    echo_one(service);
  }
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(ledger().replied, 6u);
}

TEST_F(TcpEcho, EachConnectionIsReplacedByItself) {
  auto options = options_for(listener_.port());
  options->source_ports = 2;
  start(seconds(10), options);
  TcpPeer first = probe_and_accept();
  echo_one(first);
  const TcpPeer second = probe_and_accept();
  echo_one(second);
  ASSERT_TRUE(harness_->finish());
  first.close();
  // Two probes at a time, so that the second one is always the second connection's.
  std::uint64_t rounds = 0;
  ASSERT_TRUE(wait_until([&] {
    ++rounds;
    harness_->probe();
    const bool reconnected = listener_.has_client();
    harness_->probe();
    echo_one(second);
    return reconnected;
  }));
  EXPECT_EQ(listener_.accept().read_exactly(kSize).size(), kSize);
  EXPECT_TRUE(wait_until([&] { return ledger().replied == 2 + rounds; }));
}

TEST_F(TcpEcho, NothingIsLeftBehind) {
  const auto before = support::open_descriptors();
  start();
  {
    const TcpPeer service = probe_and_accept();
    echo_one(service);
    ASSERT_TRUE(harness_->finish());
    harness_.reset();
  }
  EXPECT_EQ(support::open_descriptors(), before);
  EXPECT_EQ(support::time_wait_sockets_to(listener_.port()), 0);
}

TEST(TcpEchoBackoff, GrowsAndStaysBounded) {
  Backoff backoff;
  base::nanoseconds last{};
  for (int i = 0; i < 100; ++i) last = backoff.next();
  EXPECT_GE(last, Backoff::kMax / 2);
  EXPECT_LE(last, Backoff::kMax);
}

TEST(TcpEchoBackoff, StartsSmallAgainAfterAReset) {
  Backoff backoff;
  for (int i = 0; i < 100; ++i) static_cast<void>(backoff.next());
  backoff.reset();
  EXPECT_LE(backoff.next(), Backoff::kMin);
}

TEST(TcpEchoOptions, DifferByEachKey) {
  const auto plain = options_for(7);
  const auto other_port = options_for(8);
  const auto other_size = options_for(7);
  other_size->payload_bytes = kSize + 1;
  EXPECT_TRUE(plain->equals(*options_for(7)));
  EXPECT_FALSE(plain->equals(*other_port));
  EXPECT_FALSE(plain->equals(*other_size));
  const auto other_ports = options_for(7);
  other_ports->source_ports = 2;
  EXPECT_FALSE(plain->equals(*other_ports));
}

}  // namespace
}  // namespace rtt::probers::tcp_echo
