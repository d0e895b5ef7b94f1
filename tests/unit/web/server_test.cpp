#include "web/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <future>
#include <optional>
#include <thread>

#include "unit/web/fixture.h"
#include "unit/web/http_client.h"

namespace rtt::web {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kLoopback = "127.0.0.1:0";

class ServerTest : public testing::Test {
 protected:
  base::ListenAddress start(const std::vector<std::string>& addresses = {kLoopback},
                            const ServerOptions& options = plain_options()) {
    auto server = serve_on(addresses, options, program_.backend());
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    return server_->addresses().front();
  }

  // A response of several megabytes: more than the kernel takes on for a client that does not read.
  void make_metrics_huge() {
    SeriesSketch sketch;
    for (int i = 0; i < 6000; ++i) {
      reply(*sketch.probe("db", "a-rather-long-peer-name-" + std::to_string(i), "icmp"),
            milliseconds(1));
    }
    program_.store.replace(sketch.build());
  }

  Program program_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, ReportsThePortThatTheKernelChose) {
  const base::ListenAddress address = start();
  EXPECT_NE(address.port, 0);
  EXPECT_EQ(address.address, base::IpAddress::parse("127.0.0.1"));
}

TEST_F(ServerTest, AnswersWithLengthAndBody) {
  const std::string response = HttpClient(start()).get("/-/healthy");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Length: 25\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\nrtt_exporter is healthy.\n"));
}

TEST_F(ServerTest, AnswersHeadWithTheLengthButNoBody) {
  const std::string response = HttpClient(start()).request("HEAD", "/-/healthy");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Length: 25\r\n"));
}

TEST_F(ServerTest, ServesManyRequestsOnOneConnection) {
  HttpClient client(start());
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(client.get("/metrics"), StartsWith("HTTP/1.1 200 ")) << i;
  }
}

TEST_F(ServerTest, ServesPipelinedRequestsInOrder) {
  HttpClient client(start());
  client.send_text(
      "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.receive_response(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.receive_response(), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, ClosesWhenTheClientWantsIt) {
  HttpClient client(start());
  EXPECT_THAT(client.request("GET", "/-/healthy", "Connection: close\r\n"),
              HasSubstr("Connection: close"));
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, SpeaksHttp10) {
  const base::ListenAddress address = start();
  HttpClient client(address);
  client.send_text("GET /-/healthy HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.receive_response(), EndsWith("rtt_exporter is healthy.\n"));
  EXPECT_TRUE(client.ends());
  HttpClient kept(address);
  for (int i = 0; i < 2; ++i) {
    kept.send_text("GET /-/healthy HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    EXPECT_THAT(kept.receive_response(), EndsWith("rtt_exporter is healthy.\n"));
  }
}

TEST_F(ServerTest, KeepsTheConnectionAfterHead) {
  HttpClient client(start());
  const std::string head = client.request("HEAD", "/metrics");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head, HasSubstr("Content-Length: "));
  EXPECT_THAT(client.get("/-/healthy"), EndsWith("rtt_exporter is healthy.\n"));
}

TEST_F(ServerTest, ReloadsOnPost) {
  EXPECT_THAT(HttpClient(start()).request("POST", "/-/reload", "Content-Length: 0\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(program_.reloads, 1);
}

TEST_F(ServerTest, SkipsASmallRequestBody) {
  HttpClient client(start());
  EXPECT_THAT(client.request("POST", "/-/reload", "Content-Length: 5\r\n\r\nhello"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(program_.reloads, 1);
}

TEST_F(ServerTest, RefusesALargeRequestBody) {
  for (const char* header : {"Content-Length: 10000000\r\n", "Transfer-Encoding: chunked\r\n"}) {
    HttpClient client(start());
    EXPECT_THAT(client.request("POST", "/-/reload", header), StartsWith("HTTP/1.1 413 "));
  }
  EXPECT_EQ(program_.reloads, 0);
}

TEST_F(ServerTest, ServesNoFiles) {
  const base::ListenAddress address = start();
  for (const char* path : {"/etc/passwd", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                           "//etc/passwd", "/proc/self/environ", "/metrics/../etc/passwd"}) {
    EXPECT_THAT(HttpClient(address).get(path), StartsWith("HTTP/1.1 404 ")) << path;
  }
}

// A proxy that lets only some paths through must not be led past by what would be another one to us.
TEST_F(ServerTest, EndsNoPathAtANullByte) {
  const base::ListenAddress address = start();
  for (const char* path : {"/%00", "/metrics%00", "/metrics%00x", "/%2Dmetrics%00"}) {
    EXPECT_THAT(HttpClient(address).get(path), StartsWith("HTTP/1.1 404 ")) << path;
  }
  EXPECT_THAT(HttpClient(address).request("POST", "/-/reload%00"), StartsWith("HTTP/1.1 404 "));
  EXPECT_EQ(program_.reloads, 0);
}

TEST_F(ServerTest, IgnoresTheQuery) {
  EXPECT_THAT(HttpClient(start()).get("/metrics?debug=1"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
  const base::ListenAddress address = start();
  for (const char* text : {"\x16\x03\x01\x02\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n"}) {
    HttpClient client(address);
    client.send_text(text);
    EXPECT_THAT(client.receive_response(), Not(HasSubstr(" 200 ")));
  }
  EXPECT_THAT(HttpClient(address).get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, RefusesHeadersWithoutEnd) {
  HttpClient client(start());
  client.send_text("GET / HTTP/1.1\r\nX-Long: " + std::string(100'000, 'x'));
  EXPECT_THAT(client.receive_response(), Not(HasSubstr(" 200 ")));
}

TEST_F(ServerTest, ListensOnSeveralAddresses) {
  start({"127.0.0.1:0", "127.0.0.2:0"});
  ASSERT_EQ(server_->addresses().size(), 2u);
  for (const base::ListenAddress& address : server_->addresses()) {
    EXPECT_THAT(HttpClient(address).get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(ServerTest, ServesBothFamiliesOnAnAddressWithoutIp) {
  const base::ListenAddress address = start({":0"});
  EXPECT_THAT(HttpClient(address).get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
  HttpClient v6(address, 0, *base::IpAddress::parse("::1"));
  if (!v6.connected()) GTEST_SKIP() << "this host has no IPv6 loopback";
  EXPECT_THAT(v6.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, SaysWhichAddressIsInUse) {
  const std::string taken = start().to_string();
  const auto second = serve_on({"127.0.0.1:0", taken}, plain_options(), program_.backend());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "cannot listen on " + taken + ": Address already in use");
}

TEST_F(ServerTest, CanListenAgainRightAfterItStopped) {
  const std::string address = start().to_string();
  {
    HttpClient(server_->addresses().front()).get("/");
  }
  server_.reset();
  EXPECT_EQ(start({address}).to_string(), address);
}

TEST_F(ServerTest, EndsOpenConnectionsWhenItStops) {
  const base::ListenAddress address = start();
  HttpClient silent(address);
  HttpClient kept(address);
  kept.get("/-/healthy");
  server_.reset();
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(kept.ends());
}

TEST_F(ServerTest, AnswersBesideARequestThatIsStillBeingWorkedOn) {
  std::promise<void> begun, go_on;
  Backend backend = program_.backend();
  backend.reload = [&]() -> base::Result<void> {
    begun.set_value();
    go_on.get_future().wait();
    return {};
  };
  auto server = serve_on({kLoopback}, plain_options(), std::move(backend));
  const base::ListenAddress address = (*server)->addresses().front();
  auto reload = std::async(std::launch::async,
                           [&] { return HttpClient(address).request("POST", "/-/reload"); });
  begun.get_future().wait();
  EXPECT_THAT(HttpClient(address).get("/metrics"), StartsWith("HTTP/1.1 200 "));
  go_on.set_value();
  EXPECT_THAT(reload.get(), StartsWith("HTTP/1.1 200 "));
}

// More than the server has threads or lets live, in every way that a client can hang.
class HungClients : public ServerTest {
 protected:
  // Both ends of every connection are in this process.
  static void SetUpTestSuite() {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  void hang(const base::ListenAddress& address, int count) {
    for (int i = 0; i < count; ++i) {
      HttpClient& client = *clients_.emplace_back(std::make_unique<HttpClient>(address, 2048));
      if (i % 4 == 1) client.send_text("G");
      if (i % 4 == 2) client.send_text("GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: ");
      if (i % 4 == 3) client.send_text("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    }
  }

  std::vector<std::unique_ptr<HttpClient>> clients_;
};

TEST_F(HungClients, DoNotHoldUpAScrape) {
  make_metrics_huge();
  const base::ListenAddress address = start();
  hang(address, 40);
  EXPECT_THAT(HttpClient(address).get("/metrics"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HungClients, AreEndedWhenThereAreTooMany) {
  hang(start(), 400);
  EXPECT_TRUE(clients_.front()->ends());
}

TEST_F(HungClients, DoNotUseUpTheConnections) {
  const base::ListenAddress address = start();
  hang(address, 900);
  EXPECT_THAT(HttpClient(address).get("/metrics"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HungClients, DoNotHoldUpTheEnd) {
  make_metrics_huge();
  hang(start(), 40);
  auto stopped = std::async(std::launch::async, [this] { server_.reset(); });
  EXPECT_EQ(stopped.wait_for(seconds(10)), std::future_status::ready);
}

class SlowClients : public ServerTest {
 protected:
  base::ListenAddress start_impatient() {
    ServerOptions options = plain_options();
    options.limits.request_time = milliseconds(200);
    options.limits.answer_time = milliseconds(200);
    return start({kLoopback}, options);
  }

  // A byte at a time, until the server has enough of it.
  static bool is_ended_while_sending(HttpClient& client) {
    client.send_text("GET / HTTP/1.1\r\nX: ");
    for (int i = 0; i < 1000; ++i) {
      if (client.has_ended_within(milliseconds(20))) return true;
      client.send_text("x");
    }
    return false;
  }
};

TEST_F(SlowClients, AreEndedWhenTheFirstRequestTakesTooLong) {
  HttpClient client(start_impatient());
  EXPECT_TRUE(is_ended_while_sending(client));
}

TEST_F(SlowClients, AreEndedWhenALaterRequestTakesTooLong) {
  HttpClient client(start_impatient());
  client.get("/-/healthy");
  EXPECT_TRUE(is_ended_while_sending(client));
}

TEST_F(SlowClients, AreEndedWhenTheyBeginNoRequest) {
  EXPECT_TRUE(HttpClient(start_impatient()).ends());
}

TEST_F(SlowClients, MayIdleBetweenRequests) {
  const base::ListenAddress address = start_impatient();
  HttpClient idle(address);
  idle.get("/-/healthy");
  HttpClient later(address);
  EXPECT_TRUE(is_ended_while_sending(later));
  EXPECT_THAT(idle.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(SlowClients, AreEndedWhenTheyDoNotReadTheAnswer) {
  make_metrics_huge();
  const base::ListenAddress address = start_impatient();
  HttpClient client(address, 2048);
  client.send_text("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.has_something_within(seconds(30)));
  HttpClient later(address);
  EXPECT_TRUE(is_ended_while_sending(later));
  EXPECT_EQ(client.receive_response(), "") << "the whole answer came";
}

TEST_F(ServerTest, SurvivesClientsThatLeaveInTheMiddle) {
  make_metrics_huge();
  const base::ListenAddress address = start();
  for (int i = 0; i < 10; ++i) {
    HttpClient client(address);
    client.send_text("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_THAT(HttpClient(address).get("/metrics"), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace rtt::web
