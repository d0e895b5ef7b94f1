// Downloads beside the probes, from servers that the test plays by hand.
#include <gmock/gmock.h>

#include <set>

#include "probers/http/download_queue.h"
#include "probers/http/method.h"
#include "support/wait_until.h"
#include "unit/probers/http/http_peer.h"
#include "unit/probers/probe_harness.h"

namespace rtt::probers::http {
namespace {

using metrics::FailureReason;
using metrics::GoodputWindow;
using support::read_request;
using support::response;
using support::TcpListener;
using support::TcpPeer;
using support::wait_until;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

class HttpDownloadTest : public ::testing::Test {
 protected:
  HttpDownloadTest() {
    options_.download = DownloadOptions{.path = "/big",
                                        .interval = 1ns,  // due at once
                                        .max_bytes = 1'000'000,
                                        .max_time = 10s,
                                        .steady_after = {.time = 1ms, .bytes = UINT64_MAX}};
  }

  // Starts, and answers the probe that the downloads come after.
  void start() {
    harness_.emplace(method(), std::make_shared<Options>(options_), 10s);
    harness_->set_address("127.0.0.1");
    harness_->probe();
    probe_.emplace(listener_.accept());
    (void)read_request(*probe_);
    probe_->write(response("200 OK"));
    ASSERT_TRUE(harness_->finish());
  }
  TcpPeer accept_download() {
    TcpPeer client = listener_.accept();
    request_ = read_request(client);
    return client;
  }
  [[nodiscard]] metrics::HttpSeries::Reading reading() {
    std::vector<metrics::CellCount> cells;
    return harness_->http().read(cells);
  }
  [[nodiscard]] metrics::HttpSeries::Downloads downloads() {
    return reading().downloads.value_or(metrics::HttpSeries::Downloads());
  }
  [[nodiscard]] bool is_failed(FailureReason reason) {
    return wait_until([&] { return downloads().failed.at(static_cast<std::size_t>(reason)) == 1; });
  }
  [[nodiscard]] std::optional<double> goodput(GoodputWindow window) {
    return reading().goodput.at(static_cast<std::size_t>(window));
  }

  TcpListener listener_{*base::IpAddress::parse("127.0.0.1")};
  Options options_ = support::plain_options(listener_.port());
  std::optional<ProbeHarness> harness_;
  std::optional<TcpPeer> probe_;
  std::string request_;
};

TEST_F(HttpDownloadTest, ADownloadHasAGoodput) {
  start();
  const TcpPeer client = accept_download();
  client.write("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + std::string(1000, 'x'));
  std::this_thread::sleep_for(20ms);
  client.write(std::string(1000, 'x'));
  std::this_thread::sleep_for(20ms);
  client.write(std::string(1000, 'x'));
  ASSERT_TRUE(wait_until([&] { return downloads().completed == 1; }));
  EXPECT_TRUE(request_.starts_with("GET /big "));
  EXPECT_GT(goodput(GoodputWindow::kWhole), 0);
  EXPECT_GT(goodput(GoodputWindow::kSteady), 0);
}

TEST_F(HttpDownloadTest, ItIsNoProbe) {
  start();
  accept_download().write(response("200 OK"));
  ASSERT_TRUE(wait_until([&] { return downloads().completed == 1; }));
  EXPECT_EQ(harness_->ledger().sent, 1U);
  EXPECT_EQ(harness_->observed(), 1U);
}

TEST_F(HttpDownloadTest, TheByteLimitEndsIt) {
  start();
  const TcpPeer client = accept_download();
  client.write("HTTP/1.1 200 OK\r\n\r\n");
  while (client.write(std::string(65536, 'x'))) {
  }
  EXPECT_TRUE(wait_until([&] { return downloads().completed == 1; }));
}

TEST_F(HttpDownloadTest, TheTimeLimitEndsItAndItCounts) {
  options_.download->max_time = 1s;
  start();
  const TcpPeer client = accept_download();
  client.write("HTTP/1.1 200 OK\r\n\r\nsome");
  std::this_thread::sleep_for(20ms);
  client.write("more");
  ASSERT_TRUE(wait_until([&] { return downloads().completed == 1; }));
  EXPECT_GT(goodput(GoodputWindow::kWhole), 0);
}

TEST_F(HttpDownloadTest, WithoutOneByteItIsLost) {
  options_.download->max_time = 100ms;
  start();
  const TcpPeer client = accept_download();
  EXPECT_TRUE(wait_until([&] { return downloads().lost == 1; }));
}

TEST_F(HttpDownloadTest, ABadStatusFails) {
  start();
  accept_download().write(response("404 Not Found"));
  EXPECT_TRUE(is_failed(FailureReason::kBadStatus));
}

TEST_F(HttpDownloadTest, ABrokenConnectionFails) {
  start();
  accept_download().write("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\nsome");
  EXPECT_TRUE(is_failed(FailureReason::kDisconnected));
}

TEST_F(HttpDownloadTest, ATornDownProberCancelsIt) {
  start();
  const TcpPeer client = accept_download();
  harness_->destroy_prober();
  EXPECT_TRUE(is_failed(FailureReason::kCancelled));
}

TEST_F(HttpDownloadTest, ParallelOnesLeaveFromEverySource) {
  options_.download->parallel = 2;
  options_.download->sources = {*base::IpAddress::parse("127.0.0.8"),
                                *base::IpAddress::parse("127.0.0.9")};
  start();
  const TcpPeer first = accept_download();
  const TcpPeer second = accept_download();
  EXPECT_THAT((std::set{first.remote_address().to_string(), second.remote_address().to_string()}),
              ElementsAre("127.0.0.8", "127.0.0.9"));
}

TEST_F(HttpDownloadTest, WithoutDownloadsNothingOfThemIsShown) {
  options_.download.reset();
  start();
  EXPECT_EQ(reading().downloads, std::nullopt);
  EXPECT_EQ(goodput(GoodputWindow::kWhole), std::nullopt);
}

TEST(DownloadQueue, OneRunsAtATime) {
  DownloadQueue queue;
  std::string started;
  const int a = 0;
  const int b = 0;
  const int c = 0;
  queue.enter(&a, [&] { started += 'a'; });
  queue.enter(&b, [&] { started += 'b'; });
  queue.enter(&c, [&] { started += 'c'; });
  EXPECT_EQ(started, "a");
  queue.leave(&b);
  EXPECT_EQ(started, "a");
  queue.leave(&a);
  EXPECT_EQ(started, "ac");
}

}  // namespace
}  // namespace rtt::probers::http
