// The page /probe, in front of a program that answers when the test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include "support/wait_until.h"
#include "unit/web/fixture.h"
#include "unit/web/http_client.h"
#include "unit/web/settings_fixture.h"

namespace rtt::web {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

constexpr const char* kRight = "Authorization: Basic YW5uOnNlY3JldA==\r\n";  // ann:secret
constexpr const char* kWrong = "Authorization: Basic YW5uOndyb25n\r\n";

ProbeAnswer measured() {
  SeriesSketch series;
  reply(*series.probe("probe", "db1", "icmp"), milliseconds(5));
  return {.status = 200, .refusal = {}, .series = series.build()};
}

ProbeAnswer refused(int status) {
  return {.status = status, .refusal = "because", .series = nullptr};
}

// Answers at once if it has an answer to give, else later.
class FakeProbing final : public Probing {
 public:
  ~FakeProbing() override { finish(refused(503)); }

  [[nodiscard]] bool is_enabled() const override { return enabled; }
  void probe(const ProbeRequest& request, std::function<bool()> is_abandoned, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (!at_once) {
        waiting_.push_back({std::move(is_abandoned), std::move(done)});
        return;
      }
    }
    done(*at_once);
  }

  /// All that wait.
  void finish(const ProbeAnswer& answer) {
    std::vector<Waiting> waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
    }
    for (const Waiting& one : waiting) one.done(answer);
  }
  [[nodiscard]] std::vector<ProbeRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] bool are_waiting(std::size_t count) const {
    return support::wait_until([&] {
      const std::lock_guard lock(mutex_);
      return waiting_.size() == count;
    });
  }
  [[nodiscard]] bool is_first_abandoned() const {
    const std::lock_guard lock(mutex_);
    return waiting_.at(0).is_abandoned();
  }

  std::atomic<bool> enabled = true;
  std::optional<ProbeAnswer> at_once;

 private:
  struct Waiting {
    std::function<bool()> is_abandoned;
    Done done;
  };
  mutable std::mutex mutex_;
  std::vector<ProbeRequest> requests_;
  std::vector<Waiting> waiting_;
};

class ProbeRoute : public testing::Test {
 protected:
  ~ProbeRoute() override { probing_.finish(refused(503)); }

  base::ListenAddress start(SettingsFile* settings = nullptr) {
    Backend backend = program_.backend();
    backend.probing = &probing_;
    ServerOptions options = plain_options();
    options.settings = settings;
    auto server = serve_on({"127.0.0.1:0"}, options, backend);
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    return server_->addresses().front();
  }

  Program program_;
  SettingsDirectory directory_;
  std::unique_ptr<SettingsFile> settings_;
  std::unique_ptr<Server> server_;
  FakeProbing probing_;
};

TEST_F(ProbeRoute, IsNoPageWhileItIsOff) {
  probing_.enabled = false;
  const base::ListenAddress address = start();
  for (const char* method : {"GET", "POST"}) {
    EXPECT_THAT(HttpClient(address).request(method, "/probe?target=a&module=b"),
                StartsWith("HTTP/1.1 404 "));
  }
  EXPECT_THAT(probing_.requests(), IsEmpty());
}

TEST_F(ProbeRoute, IsNoPageOfAProgramWithoutIt) {
  auto server = serve_on({"127.0.0.1:0"}, plain_options(), program_.backend());
  EXPECT_THAT(HttpClient((*server)->addresses().front()).get("/probe"),
              StartsWith("HTTP/1.1 404 "));
}

TEST_F(ProbeRoute, RefusesOtherMethods) {
  EXPECT_THAT(HttpClient(start()).request("POST", "/probe?target=a&module=b"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD")));
  EXPECT_THAT(probing_.requests(), IsEmpty());
}

TEST_F(ProbeRoute, HandsOverWhatWasAsked) {
  probing_.at_once = refused(400);
  (void)HttpClient(start()).request("GET", "/probe?target=2001%3Adb8::1&module=a+b%00&x",
                                    "X-Prometheus-Scrape-Timeout-Seconds: 2.5\r\n");
  ASSERT_EQ(probing_.requests().size(), 1U);
  EXPECT_THAT(probing_.requests()[0].parameters,
              ElementsAre(Pair("target", "2001:db8::1"), Pair("module", "a b%00"), Pair("x", "")));
  EXPECT_EQ(probing_.requests()[0].scrape_timeout, "2.5");
}

TEST_F(ProbeRoute, ShowsWhatWasMeasuredAndNothingElse) {
  program_.exporter.set_gauge({"rtt_exporter_things", "Things."}, {}, 7);
  probing_.at_once = measured();
  const std::string response = HttpClient(start()).get("/probe");
  EXPECT_THAT(
      response,
      AllOf(
          StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: text/plain; version=0.0.4"),
          HasSubstr("Cache-Control: no-store"), HasSubstr("X-Content-Type-Options: nosniff"),
          HasSubstr("rtt_probes_replied_total{target=\"probe\",peer=\"db1\",method=\"icmp\"} 1")));
  EXPECT_THAT(response, testing::Not(HasSubstr("rtt_exporter_things")));
}

TEST_F(ProbeRoute, SpeaksTheFormatThatTheClientPrefers) {
  probing_.at_once = measured();
  HttpClient client(start());
  EXPECT_THAT(client.request("GET", "/probe", "Accept: application/openmetrics-text\r\n"),
              AllOf(HasSubstr("Content-Type: application/openmetrics-text"), HasSubstr("# EOF")));
  EXPECT_THAT(client.request("GET", "/probe",
                             "Accept: application/vnd.google.protobuf;proto=io.prometheus.client."
                             "MetricFamily;encoding=delimited\r\n"),
              HasSubstr("Content-Type: application/vnd.google.protobuf"));
  EXPECT_THAT(client.request("GET", "/probe", "Accept-Encoding: gzip\r\n"),
              HasSubstr("Content-Encoding: gzip"));
}

TEST_F(ProbeRoute, AnswersHeadWithoutABody) {
  probing_.at_once = measured();
  HttpClient client(start());
  EXPECT_THAT(client.request("HEAD", "/probe"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ProbeRoute, SaysWhyItRefuses) {
  for (const int status : {400, 403, 404, 503}) {
    probing_.at_once = refused(status);
    EXPECT_THAT(HttpClient(start()).get("/probe"),
                AllOf(StartsWith("HTTP/1.1 " + std::to_string(status) + " "),
                      testing::EndsWith("\r\n\r\nbecause\n")));
  }
}

TEST_F(ProbeRoute, AnswersLater) {
  HttpClient client(start());
  client.send_text("GET /probe HTTP/1.1\r\nHost: test\r\n\r\n");
  ASSERT_TRUE(probing_.are_waiting(1));
  EXPECT_FALSE(client.has_something_within(milliseconds(50)));
  probing_.finish(measured());
  EXPECT_THAT(client.receive_response(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ProbeRoute, HoldsUpNobodyElse) {
  const base::ListenAddress address = start();
  std::vector<HttpClient> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.emplace_back(address).send_text("GET /probe HTTP/1.1\r\nHost: test\r\n\r\n");
  }
  ASSERT_TRUE(probing_.are_waiting(20));
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(HttpClient(address).get("/metrics"), StartsWith("HTTP/1.1 200 "));
  }
  probing_.finish(measured());
  for (HttpClient& client : waiting) {
    EXPECT_THAT(client.receive_response(), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(ProbeRoute, KnowsWhetherTheClientHasGone) {
  auto client = std::make_unique<HttpClient>(start());
  client->send_text("GET /probe HTTP/1.1\r\nHost: test\r\n\r\n");
  ASSERT_TRUE(probing_.are_waiting(1));
  EXPECT_FALSE(probing_.is_first_abandoned());
  client.reset();
  EXPECT_TRUE(support::wait_until([this] { return probing_.is_first_abandoned(); }));
}

TEST_F(ProbeRoute, AFurtherRequestInThePipeIsNoGoing) {
  HttpClient client(start());
  client.send_text(
      "GET /probe HTTP/1.1\r\nHost: test\r\n\r\nGET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n");
  ASSERT_TRUE(probing_.are_waiting(1));
  EXPECT_FALSE(probing_.is_first_abandoned());
  probing_.finish(measured());
  EXPECT_THAT(client.receive_response(), HasSubstr("rtt_seconds"));
  EXPECT_THAT(client.receive_response(), HasSubstr("healthy"));
}

TEST_F(ProbeRoute, AnAnswerToAClientThatHasGoneIsNoHarm) {
  const base::ListenAddress address = start();
  {
    HttpClient client(address);
    client.send_text("GET /probe HTTP/1.1\r\nHost: test\r\n\r\n");
    ASSERT_TRUE(probing_.are_waiting(1));
  }
  probing_.finish(measured());
  EXPECT_THAT(HttpClient(address).get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ProbeRoute, IsBehindThePassword) {
  directory_.write(std::string("basic_auth_users: {ann: ") + kHash + "}\n");
  settings_ = directory_.load(program_.exporter);
  probing_.at_once = measured();
  HttpClient client(start(settings_.get()));
  EXPECT_THAT(client.get("/probe"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(client.request("GET", "/probe", kWrong), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(probing_.requests(), IsEmpty());
  EXPECT_THAT(client.request("GET", "/probe", kRight), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ProbeRoute, TheServerEndsOnceItsRequestsAreAnswered) {
  HttpClient client(start());
  client.send_text("GET /probe HTTP/1.1\r\nHost: test\r\n\r\n");
  ASSERT_TRUE(probing_.are_waiting(1));
  probing_.finish(refused(503));
  server_.reset();
}

}  // namespace
}  // namespace rtt::web
