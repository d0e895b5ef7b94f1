// An http prober against servers that the test plays by hand.
#include <gmock/gmock.h>

#include "probers/http/method.h"
#include "probers/http/prober.h"
#include "unit/probers/http/http_peer.h"
#include "unit/probers/probe_harness.h"

namespace rtt::probers::http {
namespace {

using metrics::FailureReason;
using metrics::HttpPhase;
using support::read_request;
using support::response;
using support::TcpListener;
using support::TcpPeer;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class HttpTest : public ::testing::Test {
 protected:
  void start(const char* address = "127.0.0.1", base::nanoseconds timeout = 10s) {
    harness_.emplace(method(), std::make_shared<Options>(options_), timeout);
    harness_->set_address(address);
  }
  // One probe, from its connection to this answer.
  TcpPeer serve(const std::string& answer) {
    harness_->probe();
    TcpPeer client = listener_.accept();
    request_ = read_request(client);
    EXPECT_TRUE(client.write(answer));
    return client;
  }
  // The same on a connection that is there.
  void serve_again(const TcpPeer& client, const std::string& answer) {
    harness_->probe();
    request_ = read_request(client);
    EXPECT_TRUE(client.write(answer));
  }
  void expect_failure(FailureReason reason) {
    ASSERT_TRUE(harness_->finish());
    EXPECT_EQ(harness_->failed(reason), 1U) << to_string(reason);
  }
  [[nodiscard]] std::uint64_t observed(HttpPhase phase) {
    std::vector<metrics::CellCount> cells;
    return harness_->http().read(cells).phases.at(static_cast<std::size_t>(phase)).count;
  }

  TcpListener listener_{*base::IpAddress::parse("0.0.0.0")};
  Options options_ = support::plain_options(listener_.port());
  std::optional<ProbeHarness> harness_;
  std::string request_;
};

TEST_F(HttpTest, AnAnswerIsAReply) {
  start();
  serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 1U);
  EXPECT_EQ(harness_->observed(), 1U);
}

TEST_F(HttpTest, TheRttIsTheTimeThatTheServerTakes) {
  start();
  harness_->probe();
  const TcpPeer client = listener_.accept();
  (void)read_request(client);
  std::this_thread::sleep_for(30ms);
  client.write(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_GE(harness_->last_rtt(), 30ms);
}

// The handshake and the rest of the body are phases of their own.
TEST_F(HttpTest, TheRttEndsWithTheFirstByte) {
  start();
  const TcpPeer client = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
  const auto first_byte = base::Clock::now();
  std::this_thread::sleep_for(500ms);
  const auto body = base::Clock::now() - first_byte;
  client.write("k");
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 1U);
  EXPECT_LT(harness_->last_rtt(), body);
  EXPECT_EQ(observed(HttpPhase::kTransfer), 1U);
}

TEST_F(HttpTest, ARequestAsksForNothingThatChangesTheAnswer) {
  options_.path = "/health?deep=1";
  start();
  serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_TRUE(request_.starts_with("GET /health?deep=1 HTTP/1.1\r\n")) << request_;
  EXPECT_THAT(request_, HasSubstr("\r\nHost: peer:" + std::to_string(listener_.port()) + "\r\n"));
  EXPECT_THAT(request_, Not(HasSubstr("Accept-Encoding")));
  EXPECT_THAT(request_, Not(HasSubstr("Expect")));
}

TEST_F(HttpTest, ConfiguredHeadersAreSent) {
  options_.host_header = "www.example.net";
  options_.headers = {"X-Probe: 1", "X-Empty;"};
  start();
  serve(response("200 OK"));
  EXPECT_THAT(request_, HasSubstr("\r\nHost: www.example.net:"));
  EXPECT_THAT(request_, HasSubstr("\r\nX-Probe: 1\r\n"));
  EXPECT_THAT(request_, HasSubstr("\r\nX-Empty:\r\n"));
}

TEST_F(HttpTest, AKeptConnectionServesEveryProbe) {
  start();
  const TcpPeer client = serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  serve_again(client, response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 2U);
  EXPECT_EQ(observed(HttpPhase::kConnect), 1U);
  EXPECT_EQ(observed(HttpPhase::kFirstByte), 2U);
  EXPECT_EQ(observed(HttpPhase::kTls), 0U);
}

TEST_F(HttpTest, AFreshConnectionIsClosedAfterItsProbe) {
  options_.keep = false;
  start();
  for (int i = 0; i < 2; ++i) {
    const TcpPeer client = serve(response("200 OK"));
    ASSERT_TRUE(harness_->finish());
    EXPECT_TRUE(support::is_ended(client));
  }
  EXPECT_EQ(observed(HttpPhase::kConnect), 2U);
}

TEST_F(HttpTest, WhatFindsTheKeptConnectionBusyTakesANewOne) {
  start();
  harness_->probe();
  const TcpPeer kept = listener_.accept();
  (void)read_request(kept);
  const TcpPeer other = serve(response("200 OK"));
  EXPECT_TRUE(support::is_ended(other));
  kept.write(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  serve_again(kept, response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 3U);
}

TEST_F(HttpTest, AKeptConnectionThatThePeerClosedIsReplaced) {
  start();
  TcpPeer first = serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  first.close();
  serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 2U);
  EXPECT_EQ(observed(HttpPhase::kConnect), 2U);
}

TEST_F(HttpTest, ANewAddressTakesANewConnection) {
  start();
  const TcpPeer old = serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  harness_->set_address("127.0.0.2");
  EXPECT_TRUE(support::is_ended(old));
  serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 2U);
}

TEST_F(HttpTest, AProbeToTheFormerAddressGoesOn) {
  start();
  harness_->probe();
  const TcpPeer old = listener_.accept();
  (void)read_request(old);
  harness_->set_address("127.0.0.2");
  old.write(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 1U);
  EXPECT_TRUE(support::is_ended(old));
}

TEST_F(HttpTest, WithoutAnAddressAProbeIsUnresolved) {
  start();
  harness_->set_address(std::nullopt);
  harness_->probe();
  EXPECT_EQ(harness_->failed(FailureReason::kUnresolved), 1U);
}

TEST_F(HttpTest, NobodyListensIsRefused) {
  options_.port = support::unused_tcp_port();
  start();
  harness_->probe();
  expect_failure(FailureReason::kRefused);
  EXPECT_EQ(harness_->observed(), 0U);
}

TEST_F(HttpTest, ASourceOfTheOtherFamilyHasNoRoute) {
  options_.socket.source = base::IpAddress::parse("::1");
  start();
  harness_->probe();
  expect_failure(FailureReason::kNoRoute);
}

TEST_F(HttpTest, AnInterfaceThatIsNotThereIsSaidSo) {
  options_.socket.interface = "nothere0";
  start();
  harness_->probe();
  expect_failure(FailureReason::kNoInterface);
}

TEST_F(HttpTest, TheSourceIsTheConfiguredOne) {
  options_.socket.source = base::IpAddress::parse("127.0.0.9");
  start();
  const TcpPeer client = serve(response("200 OK"));
  EXPECT_EQ(client.remote_address().to_string(), "127.0.0.9");
}

TEST_F(HttpTest, OverIpv6) {
  const TcpListener listener(*base::IpAddress::parse("::1"));
  options_.port = listener.port();
  start("::1");
  harness_->probe();
  const TcpPeer client = listener.accept();
  (void)read_request(client);
  client.write(response("204 No Content", ""));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 1U);
}

TEST_F(HttpTest, ASilentServerLosesTheProbe) {
  start("127.0.0.1", 100ms);
  harness_->probe();
  const TcpPeer client = listener_.accept();
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().lost, 1U);
  EXPECT_EQ(harness_->observed(), 0U);
}

TEST_F(HttpTest, ABodyThatNeverEndsInTimeLosesTheProbe) {
  start("127.0.0.1", 200ms);
  const TcpPeer client = serve("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
  while (harness_->ledger().in_flight > 0 && client.write("x")) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(harness_->ledger().lost, 1U);
}

TEST_F(HttpTest, ATornDownProberCancelsItsProbes) {
  start();
  harness_->probe();
  const TcpPeer client = listener_.accept();
  (void)read_request(client);
  harness_->destroy_prober();
  expect_failure(FailureReason::kCancelled);
  EXPECT_TRUE(support::is_ended(client));
}

TEST_F(HttpTest, ATornDownProberClosesItsKeptConnection) {
  start();
  const TcpPeer client = serve(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  harness_->destroy_prober();
  EXPECT_TRUE(support::is_ended(client));
}

TEST_F(HttpTest, TheProbesInFlightAreBounded) {
  start();
  for (std::size_t i = 0; i <= HttpProber::kMaxInFlight; ++i) harness_->probe();
  EXPECT_EQ(harness_->failed(FailureReason::kSendError), 1U);
}

}  // namespace
}  // namespace rtt::probers::http
