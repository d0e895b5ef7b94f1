// With tcp_connect as the method: its probes are seen by whom they go to.
#include "probers/probe_runner.h"

#include <gtest/gtest.h>

#include "probers/method_table.h"
#include "probers/tcp_connect/options.h"
#include "support/wait_until.h"
#include "unit/probers/loop_thread.h"
#include "unit/probers/tcp_peer.h"

namespace rtt::probers {
namespace {

using support::TcpListener;
using support::wait_until;

base::IpAddress address(const char* text) { return *base::IpAddress::parse(text); }

class ProbeRunnerTest : public ::testing::Test {
 protected:
  ProbeRunnerTest() {
    thread_.call([this] {
      runner_ = std::make_unique<ProbeRunner>(thread_.loop(), metrics_, [](auto&&...) {});
    });
  }
  ~ProbeRunnerTest() override {
    thread_.call([this] { runner_.reset(); });
  }

  PlannedProbe probe(const std::vector<const char*>& addresses, bool all = false) const {
    PlannedProbe planned;
    planned.host = "db.test";
    planned.probe.method = "tcp_connect";
    planned.probe.interval = std::chrono::milliseconds(10);
    planned.probe.timeout = std::chrono::seconds(10);
    auto options = std::make_shared<tcp_connect::Options>();
    options->tcp.port = first_.port();
    planned.probe.options = options;
    planned.series = series_;
    for (const char* text : addresses) planned.addresses.push_back(address(text));
    planned.all_addresses = all;
    return planned;
  }

  void set_probes(const std::vector<PlannedProbe>& probes) {
    thread_.call([&] {
      runner_->plan(probes);
      while (runner_->drop_unplanned(1)) {
      }
    });
  }
  void set_addresses(const std::vector<const char*>& addresses) {
    std::vector<base::IpAddress> parsed;
    for (const char* text : addresses) parsed.push_back(address(text));
    thread_.call([&] { runner_->set_addresses("db.test", parsed); });
  }

  // Whether someone connects there from now on: what waits is taken first.
  static bool is_probed(const TcpListener& listener) {
    while (listener.has_client()) (void)listener.accept();
    return wait_until([&] { return listener.has_client(); });
  }
  // Whether nobody does any more. Probes to the other address are the clock.
  bool is_left_alone(const TcpListener& listener, const TcpListener& other) const {
    return wait_until([&] {
      while (listener.has_client()) (void)listener.accept();
      for (int i = 0; i < 5; ++i) (void)other.accept();
      return !listener.has_client();
    });
  }
  std::uint64_t unresolved() const {
    return series_->probe_snapshot()
        .ledger.failed[static_cast<std::size_t>(metrics::FailureReason::kUnresolved)];
  }
  std::uint64_t cancelled() const {
    return series_->probe_snapshot()
        .ledger.failed[static_cast<std::size_t>(metrics::FailureReason::kCancelled)];
  }

  TcpListener first_{address("127.0.0.1"), 0, 4096};
  TcpListener second_{address("127.0.0.2"), first_.port(), 4096};
  std::shared_ptr<metrics::ProbeSeries> series_ = std::make_shared<metrics::ProbeSeries>(
      metrics::PeerLabels{"target", "peer", {}}, "tcp_connect",
      std::make_shared<metrics::BucketGrid>(*metrics::BucketGrid::create({0.001}, std::nullopt)),
      std::vector{metrics::FailureReason::kUnresolved, metrics::FailureReason::kCancelled});
  metrics::ExporterMetrics metrics_;
  support::LoopThread thread_;
  std::unique_ptr<ProbeRunner> runner_;
};

TEST_F(ProbeRunnerTest, ProbesTheFirstAddressOnly) {
  set_probes({probe({"127.0.0.1", "127.0.0.2"})});
  EXPECT_TRUE(is_probed(first_));
  EXPECT_TRUE(is_left_alone(second_, first_));
}

TEST_F(ProbeRunnerTest, ProbesAllAddresses) {
  set_probes({probe({"127.0.0.1", "127.0.0.2"}, true)});
  EXPECT_TRUE(is_probed(first_));
  EXPECT_TRUE(is_probed(second_));
}

TEST_F(ProbeRunnerTest, FollowsTheFirstAddress) {
  set_probes({probe({"127.0.0.1"})});
  EXPECT_TRUE(is_probed(first_));
  set_addresses({"127.0.0.2"});
  EXPECT_TRUE(is_probed(second_));
  EXPECT_TRUE(is_left_alone(first_, second_));
}

TEST_F(ProbeRunnerTest, ProbesAnAddressThatComes) {
  set_probes({probe({"127.0.0.1"}, true)});
  set_addresses({"127.0.0.1", "127.0.0.2"});
  EXPECT_TRUE(is_probed(first_));
  EXPECT_TRUE(is_probed(second_));
}

TEST_F(ProbeRunnerTest, LeavesAnAddressThatGoesAlone) {
  set_probes({probe({"127.0.0.1", "127.0.0.2"}, true)});
  EXPECT_TRUE(is_probed(first_));
  set_addresses({"127.0.0.2"});
  EXPECT_TRUE(is_probed(second_));
  EXPECT_TRUE(is_left_alone(first_, second_));
}

TEST_F(ProbeRunnerTest, CanChangeFromTheFirstAddressToAll) {
  set_probes({probe({"127.0.0.1", "127.0.0.2"})});
  set_probes({probe({"127.0.0.1", "127.0.0.2"}, true)});
  EXPECT_TRUE(is_probed(second_));
}

TEST_F(ProbeRunnerTest, TheFamilyOfTheProbeDecides) {
  PlannedProbe planned = probe({"::1", "127.0.0.2", "127.0.0.1"});
  planned.probe.ip_family = config::IpFamily::kIpv4;
  set_probes({planned});
  EXPECT_TRUE(is_probed(second_));
  EXPECT_TRUE(is_left_alone(first_, second_));
}

TEST_F(ProbeRunnerTest, WithoutAnAddressProbesFailAsUnresolved) {
  set_probes({probe({})});
  EXPECT_TRUE(wait_until([this] { return unresolved() > 3; }));
}

TEST_F(ProbeRunnerTest, WithoutAnAddressOfTheWantedFamilyProbesFailAsUnresolved) {
  PlannedProbe planned = probe({"127.0.0.1"}, true);
  planned.probe.ip_family = config::IpFamily::kIpv6;
  set_probes({planned});
  EXPECT_TRUE(wait_until([this] { return unresolved() > 3; }));
  EXPECT_FALSE(first_.has_client());
}

TEST_F(ProbeRunnerTest, AnAddressThatComesLaterIsProbed) {
  set_probes({probe({})});
  set_addresses({"127.0.0.1"});
  EXPECT_TRUE(is_probed(first_));
}

// A probe that was started anew would begin with its first start's offset, and end what is in flight.
TEST_F(ProbeRunnerTest, PlanningTheSameDisturbsNothing) {
  const std::vector<PlannedProbe> probes = {probe({"127.0.0.1", "127.0.0.2"}, true)};
  set_probes(probes);
  for (int i = 0; i < 1000; ++i) set_probes(probes);
  EXPECT_TRUE(is_probed(first_));
  EXPECT_TRUE(is_probed(second_));
  EXPECT_EQ(cancelled(), 0U);
}

TEST_F(ProbeRunnerTest, WhatIsNotPlannedAgainEnds) {
  set_probes({probe({"127.0.0.1"})});
  EXPECT_TRUE(is_probed(first_));
  set_probes({});
  EXPECT_EQ(series_.use_count(), 1);
}

TEST_F(ProbeRunnerTest, DropsInPortions) {
  PlannedProbe other = probe({"127.0.0.1"});
  other.series = std::make_shared<metrics::ProbeSeries>(
      metrics::PeerLabels{"target", "other", {}}, "tcp_connect",
      std::make_shared<metrics::BucketGrid>(*metrics::BucketGrid::create({0.001}, std::nullopt)),
      std::vector{metrics::FailureReason::kCancelled});
  set_probes({probe({"127.0.0.1"}), other});
  EXPECT_TRUE(thread_.call([this] { return runner_->drop_unplanned(1); }));
  EXPECT_FALSE(thread_.call([this] { return runner_->drop_unplanned(1); }));
}

TEST_F(ProbeRunnerTest, ChangedOptionsTakeEffect) {
  set_probes({probe({"127.0.0.1"})});
  EXPECT_TRUE(is_probed(first_));
  const TcpListener elsewhere(address("127.0.0.1"), 0, 4096);
  PlannedProbe changed = probe({"127.0.0.1"});
  auto options = std::make_shared<tcp_connect::Options>();
  options->tcp.port = elsewhere.port();
  changed.probe.options = options;
  set_probes({changed});
  EXPECT_TRUE(is_probed(elsewhere));
}

}  // namespace
}  // namespace rtt::probers
