// What a server can answer that is no answer: every probe has its one outcome, and memory stays bounded.
#include <gmock/gmock.h>

#include <cstdlib>

#include "probers/http/method.h"
#include "unit/probers/http/http_peer.h"
#include "unit/probers/probe_harness.h"

namespace rtt::probers::http {
namespace {

using metrics::FailureReason;
using support::read_request;
using support::response;
using support::TcpListener;
using support::TcpPeer;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class HttpHostileTest : public ::testing::Test {
 protected:
  void start() {
    harness_.emplace(method(), std::make_shared<Options>(options_), 10s);
    harness_->set_address("127.0.0.1");
    harness_->probe();
    client_.emplace(listener_.accept());
    (void)read_request(*client_);
  }
  // The answer, and then the end of the connection.
  void answer(const std::string& bytes) {
    start();
    client_->write(bytes);
    client_->shutdown_write();
  }
  // The same bytes until the client has had enough.
  void pour(const std::string& bytes) {
    const std::size_t most = std::size_t{64} << 20U;
    std::size_t poured = 0;
    while (poured < most && client_->write(bytes)) poured += bytes.size();
    EXPECT_LT(poured, most);
  }
  void expect_failure(FailureReason reason, std::uint64_t observed = 0) {
    ASSERT_TRUE(harness_->finish());
    EXPECT_EQ(harness_->failed(reason), 1U) << to_string(reason);
    EXPECT_EQ(harness_->observed(), observed);
  }

  TcpListener listener_{*base::IpAddress::parse("127.0.0.1")};
  Options options_ = support::plain_options(listener_.port());
  std::optional<ProbeHarness> harness_;
  std::optional<TcpPeer> client_;
};

TEST_F(HttpHostileTest, AStatusThatIsNotValidFailsAndItsRoundTripCounts) {
  answer(response("503 Service Unavailable"));
  expect_failure(FailureReason::kBadStatus, 1);
}

TEST_F(HttpHostileTest, ARedirectIsNotFollowed) {
  const TcpListener elsewhere(*base::IpAddress::parse("127.0.0.1"));
  answer(response("302 Found", "",
                  "Location: http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/\r\n"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 1U);
  EXPECT_FALSE(elsewhere.has_client());
}

TEST_F(HttpHostileTest, ADeclaredBodyThatIsTooLargeIsNotWaitedFor) {
  start();
  client_->write("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n");
  expect_failure(FailureReason::kTooLarge, 1);
}

TEST_F(HttpHostileTest, AnEndlessBodyIsCutOff) {
  start();
  client_->write("HTTP/1.1 200 OK\r\n\r\n");
  pour(std::string(65536, 'x'));
  expect_failure(FailureReason::kTooLarge, 1);
}

TEST_F(HttpHostileTest, AnEndlessChunkedBodyIsCutOff) {
  start();
  client_->write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  pour("10000\r\n" + std::string(65536, 'x') + "\r\n");
  expect_failure(FailureReason::kTooLarge, 1);
}

TEST_F(HttpHostileTest, EndlessHeadersAreCutOff) {
  start();
  client_->write("HTTP/1.1 200 OK\r\n");
  pour("X-More: " + std::string(1000, 'x') + "\r\n");
  expect_failure(FailureReason::kTooLarge, 1);
}

TEST_F(HttpHostileTest, EndlessInterimResponsesAreCutOff) {
  start();
  pour("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  expect_failure(FailureReason::kTooLarge, 1);
}

TEST_F(HttpHostileTest, AHeaderLineWithoutEndIsCutOff) {
  start();
  client_->write("HTTP/1.1 200 OK\r\nX-Long: ");
  pour(std::string(65536, 'x'));
  expect_failure(FailureReason::kTooLarge, 1);
}

TEST_F(HttpHostileTest, Http09IsNoAnswer) {
  answer("hello\n");
  expect_failure(FailureReason::kBadReply);
}

TEST_F(HttpHostileTest, AnotherProtocolIsNoAnswer) {
  answer("SSH-2.0-OpenSSH_9.2\r\n");
  expect_failure(FailureReason::kBadReply);
}

TEST_F(HttpHostileTest, AStatusBelowAHundredIsNoAnswer) {
  answer("HTTP/22. 301Tpw\r\n\r\n");
  expect_failure(FailureReason::kBadReply);
}

TEST_F(HttpHostileTest, AStatusOfZeroIsNoAnswer) {
  answer(response("000 Nothing"));
  expect_failure(FailureReason::kBadReply);
}

TEST_F(HttpHostileTest, ChunksThatAreNoneAreNoAnswer) {
  answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  expect_failure(FailureReason::kBadReply);
}

TEST_F(HttpHostileTest, ANegativeLengthIsNoAnswer) {
  answer("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nok");
  expect_failure(FailureReason::kBadReply);
}

TEST_F(HttpHostileTest, AConnectionThatEndsBeforeTheAnswerIsDisconnected) {
  answer("");
  expect_failure(FailureReason::kDisconnected);
}

TEST_F(HttpHostileTest, AConnectionThatEndsWithinTheHeadersIsDisconnected) {
  answer("HTTP/1.1 200 OK\r\nContent-Le");
  expect_failure(FailureReason::kDisconnected);
}

TEST_F(HttpHostileTest, AConnectionThatEndsWithinTheBodyIsDisconnected) {
  answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok");
  expect_failure(FailureReason::kDisconnected);
}

TEST_F(HttpHostileTest, AResetIsDisconnected) {
  start();
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(client_->fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client_->close();
  expect_failure(FailureReason::kDisconnected);
}

// Nothing is decompressed, so nothing can blow up.
TEST_F(HttpHostileTest, ACompressedBodyStaysAsItIs) {
  answer(response("200 OK", "\x1f\x8b not really", "Content-Encoding: gzip\r\n"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 1U);
}

TEST_F(HttpHostileTest, BytesAfterTheAnswerEndTheConnectionOnly) {
  answer(response("200 OK") + "HTTP/1.1 200 OK\r\n\r\nmore");
  ASSERT_TRUE(harness_->finish());
  EXPECT_EQ(harness_->ledger().replied, 1U);
}

TEST_F(HttpHostileTest, ACookieIsNotSentBack) {
  start();
  client_->write(response("200 OK", "ok", "Set-Cookie: id=1\r\n"));
  ASSERT_TRUE(harness_->finish());
  harness_->probe();
  const std::string request = read_request(*client_);
  client_->write(response("200 OK"));
  ASSERT_TRUE(harness_->finish());
  EXPECT_TRUE(request.starts_with("GET /"));
  EXPECT_THAT(request, Not(HasSubstr("Cookie")));
}

TEST_F(HttpHostileTest, AProxyOfTheEnvironmentIsNotUsed) {
  const TcpListener proxy(*base::IpAddress::parse("127.0.0.1"));
  const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
  setenv("http_proxy", url.c_str(), 1);
  setenv("all_proxy", url.c_str(), 1);
  answer(response("200 OK"));
  const bool finished = harness_->finish();
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  ASSERT_TRUE(finished);
  EXPECT_EQ(harness_->ledger().replied, 1U);
  EXPECT_FALSE(proxy.has_client());
}

TEST_F(HttpHostileTest, AServerWithoutTlsFailsAsTls) {
  options_.https = true;
  harness_.emplace(method(), std::make_shared<Options>(options_), 10s);
  harness_->set_address("127.0.0.1");
  harness_->probe();
  const TcpPeer client = listener_.accept();
  client.write(response("400 Bad Request"));
  expect_failure(FailureReason::kTls);
}

}  // namespace
}  // namespace rtt::probers::http
