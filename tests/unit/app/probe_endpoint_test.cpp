#include "app/probe_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "probers/method_table.h"
#include "support/dns_server.h"
#include "support/wait_until.h"
#include "unit/probers/tcp_peer.h"

namespace rtt::app {
namespace {

using namespace std::chrono_literals;
using support::DnsBehaviour;
using testing::HasSubstr;

// One that names a server on loopback, gone with its object.
class ResolvConf {
 public:
  ResolvConf() {
    constexpr std::string_view kText = "nameserver 127.0.0.1\n";
    const base::UniqueFd file(mkstemp(path_.data()));
    EXPECT_EQ(write(file.get(), kText.data(), kText.size()), static_cast<ssize_t>(kText.size()));
  }
  ~ResolvConf() { unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "rtt_resolv_conf_XXXXXX";
};

// One request and its answer.
class Answer {
 public:
  [[nodiscard]] web::Probing::Done done() {
    return [this](const web::ProbeAnswer& answer) {
      const std::lock_guard lock(mutex_);
      answers_.push_back(answer);
    };
  }
  [[nodiscard]] std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return answers_.size();
  }
  [[nodiscard]] web::ProbeAnswer wait() const {
    EXPECT_TRUE(support::wait_until([this] { return count() > 0; }, 40s)) << "no answer";
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(answers_.size(), 1U);
    return answers_.empty() ? web::ProbeAnswer{.status = 0, .refusal = {}, .series = nullptr}
                            : answers_.front();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<web::ProbeAnswer> answers_;
};

class ProbeEndpointTest : public testing::Test {
 protected:
  ProbeEndpointTest() { configure("{networks: [127.0.0.0/8], probes: 3}"); }

  // Probe "connect" goes to the listener, "echo" waits for what it never says.
  void configure(const std::string& section) {
    const std::string yaml = "probe_endpoint: " + section +
                             "\nprobes:\n  connect: {method: tcp_connect, interval: 10ms, port: " +
                             std::to_string(listener_.port()) +
                             "}\n  connect_v4: {method: tcp_connect, ip_family: ipv4, interval: "
                             "10ms, port: " +
                             std::to_string(listener_.port()) +
                             "}\n  echo: {method: tcp_echo, interval: 10ms, timeout: 1m, port: " +
                             std::to_string(listener_.port()) + "}\n";
    auto loaded = config::load(yaml, "test.yml", probers::method_schemas());
    ASSERT_TRUE(std::holds_alternative<config::Config>(loaded));
    endpoint_.configure(ProbeEndpoint::settings_of({std::get<config::Config>(loaded), grid_}));
  }

  void start(
      Answer& answer, const std::string& target, const std::string& module = "connect",
      std::function<bool()> is_abandoned = [] { return false; }, const std::string& timeout = "") {
    endpoint_.probe({{{"target", target}, {"module", module}}, timeout}, std::move(is_abandoned),
                    answer.done());
  }
  web::ProbeAnswer probe(const std::string& target, const std::string& module = "connect") {
    Answer answer;
    start(answer, target, module);
    return answer.wait();
  }
  static metrics::ProbeLedger ledger(const web::ProbeAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.refusal;
    if (!answer.series) return {};
    const auto ledger = answer.series->probes().at(0)->probe_snapshot().ledger;
    EXPECT_EQ(ledger.sent, ledger.replied + ledger.lost + ledger.failed_total());
    EXPECT_EQ(ledger.in_flight, 0U);
    return ledger;
  }
  [[nodiscard]] bool shows(const std::string& outcome, int count) const {
    std::string text;
    metrics_.append_text(text);
    return text.find("rtt_exporter_probe_requests_total{outcome=\"" + outcome + "\"} " +
                     std::to_string(count) + "\n") != std::string::npos;
  }

  targets::ResolverOptions dns() {
    targets::ResolverOptions options;
    options.resolv_conf = resolv_conf_.path();
    options.port = dns_.port();
    return options;
  }

  const std::shared_ptr<const metrics::BucketGrid> grid_ =
      std::make_shared<const metrics::BucketGrid>(*metrics::BucketGrid::create({0.001, 1}, 3));
  support::DnsServer dns_;
  ResolvConf resolv_conf_;
  // Its kernel takes every connection; nobody answers.
  support::TcpListener listener_{*base::IpAddress::parse("127.0.0.1"), 0, 1024};
  metrics::ExporterMetrics metrics_;
  ProbeEndpoint endpoint_{metrics_, dns()};
};

TEST(ProbeEndpoint, IsOffUntilItIsConfigured) {
  metrics::ExporterMetrics metrics;
  ProbeEndpoint endpoint(metrics);
  EXPECT_FALSE(endpoint.is_enabled());
  Answer answer;
  endpoint.probe({}, [] { return false; }, answer.done());
  EXPECT_EQ(answer.wait().status, 404);
}

TEST_F(ProbeEndpointTest, IsOffAgainWithoutSettings) {
  EXPECT_TRUE(endpoint_.is_enabled());
  endpoint_.configure(std::nullopt);
  EXPECT_FALSE(endpoint_.is_enabled());
}

TEST_F(ProbeEndpointTest, AnswersWithTheBurstAlone) {
  for (int i = 0; i < 2; ++i) {
    const auto answer = probe("127.0.0.1");
    EXPECT_EQ(ledger(answer).replied, 3U);
    const metrics::ProbeSeries& series = *answer.series->probes().at(0);
    EXPECT_EQ(series.snapshot().histogram.count(), 3U);
    EXPECT_EQ(series.peer().target, "probe");
    EXPECT_EQ(series.peer().peer, "127.0.0.1");
    EXPECT_EQ(series.method(), "tcp_connect");
  }
  EXPECT_TRUE(shows("answered", 2));
}

TEST_F(ProbeEndpointTest, ResolvesNames) {
  dns_.set("db.test", {"127.0.0.1"});
  const auto answer = probe("db.test");
  EXPECT_EQ(ledger(answer).replied, 3U);
  EXPECT_EQ(answer.series->probes().at(0)->peer().peer, "db.test");
}

TEST_F(ProbeEndpointTest, OnlyAddressesOfTheProbesFamilyCount) {
  dns_.set("both.test", {"::1", "127.0.0.1"});
  EXPECT_EQ(probe("both.test", "connect").status, 403);
  EXPECT_EQ(ledger(probe("both.test", "connect_v4")).replied, 3U);
}

TEST_F(ProbeEndpointTest, ANameThatDoesNotResolveIsAMeasurement) {
  EXPECT_EQ(ledger(probe("nothing.test"))
                .failed[static_cast<std::size_t>(metrics::FailureReason::kUnresolved)],
            3U);
}

TEST_F(ProbeEndpointTest, ASilentNameServerIsAMeasurementToo) {
  dns_.set("slow.test", {}, DnsBehaviour::kSilence);
  Answer answer;
  start(answer, "slow.test", "connect", [] { return false; }, "2");
  EXPECT_EQ(
      ledger(answer.wait()).failed[static_cast<std::size_t>(metrics::FailureReason::kUnresolved)],
      3U);
}

TEST_F(ProbeEndpointTest, RefusesAddressesOutsideOfTheNetworks) {
  configure("{networks: [127.0.0.64/26]}");
  for (const char* target : {"127.0.0.1", "::ffff:127.0.0.1", "::1"}) {
    const auto answer = probe(target);
    EXPECT_EQ(answer.status, 403) << target;
    EXPECT_THAT(answer.refusal, HasSubstr("probe_endpoint.networks"));
  }
  EXPECT_FALSE(listener_.has_client());
  EXPECT_TRUE(shows("forbidden", 3));
}

TEST_F(ProbeEndpointTest, RefusesANameWithOneAddressOutsideOfTheNetworks) {
  dns_.set("both.test", {"127.0.0.1", "10.9.9.9"});
  const auto answer = probe("both.test");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.refusal, HasSubstr("10.9.9.9"));
  EXPECT_FALSE(listener_.has_client());
}

TEST_F(ProbeEndpointTest, RefusesABadRequest) {
  EXPECT_EQ(probe("127.0.0.1", "nothing").status, 400);
  EXPECT_TRUE(shows("bad_request", 1));
}

TEST_F(ProbeEndpointTest, RefusesMoreThanItsLimitAtOnce) {
  configure("{networks: [127.0.0.0/8], max_concurrent: 2}");
  Answer waiting[2];
  for (Answer& answer : waiting) start(answer, "127.0.0.1", "echo");
  EXPECT_EQ(probe("127.0.0.1").status, 503);
  EXPECT_TRUE(shows("unavailable", 1));
  EXPECT_EQ(waiting[0].count() + waiting[1].count(), 0U);
  endpoint_.stop();
}

TEST_F(ProbeEndpointTest, HasRoomAgainAfterAnAnswer) {
  configure("{networks: [127.0.0.0/8], probes: 1, max_concurrent: 1}");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ledger(probe("127.0.0.1")).replied, 1U);
}

TEST_F(ProbeEndpointTest, EndsWhatNobodyWaitsForAnyMore) {
  std::atomic<bool> gone = false;
  Answer answer;
  start(answer, "127.0.0.1", "echo", [&] { return gone.load(); }, "30");
  gone = true;
  EXPECT_NE(answer.wait().status, 200);
  EXPECT_TRUE(shows("abandoned", 1));
}

TEST_F(ProbeEndpointTest, LosesWhatIsNotAnsweredInTime) {
  Answer answer;
  start(answer, "127.0.0.1", "echo", [] { return false; }, "0.4");
  EXPECT_EQ(ledger(answer.wait()).replied, 0U);
}

TEST_F(ProbeEndpointTest, StoppingAnswersEverything) {
  Answer waiting;
  start(waiting, "127.0.0.1", "echo");
  endpoint_.stop();
  EXPECT_EQ(waiting.count(), 1U);
  EXPECT_EQ(waiting.wait().status, 503);
  EXPECT_EQ(probe("127.0.0.1").status, 503);
}

TEST_F(ProbeEndpointTest, ALaterConfigurationDoesNotDisturbABurst) {
  Answer answer;
  start(answer, "127.0.0.1", "echo", [] { return false; }, "2");
  endpoint_.configure(std::nullopt);
  EXPECT_EQ(ledger(answer.wait()).sent, 3U);
}

TEST_F(ProbeEndpointTest, ManyRequestsFromManyThreadsAreEachAnsweredOnce) {
  configure("{networks: [127.0.0.0/8], probes: 2, max_concurrent: 4}");
  constexpr int kThreads = 8;
  constexpr int kRequests = 10;
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kRequests; ++k) {
        const int status = probe("127.0.0.1").status;
        EXPECT_TRUE(status == 200 || status == 503) << status;
        answered += status == 200 ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(answered, 0);
}

}  // namespace
}  // namespace rtt::app
