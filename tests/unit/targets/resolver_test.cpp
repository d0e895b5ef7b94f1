#include "targets/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "support/dns_server.h"
#include "support/wait_until.h"

namespace rtt::targets {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using support::DnsBehaviour;
using support::DnsServer;
using support::wait_until;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kNobody = "127.0.0.3";

using Texts = std::vector<std::string>;

// Refreshes and retries at once: a test waits for what it wants to see.
ResolverOptions eager() {
  ResolverOptions options;
  options.query_timeout = minutes(1);
  options.min_refresh = options.max_refresh = milliseconds(1);
  options.min_retry = options.max_retry = milliseconds(1);
  return options;
}

// Gives up on a silent server at once as well.
ResolverOptions hasty() {
  ResolverOptions options = eager();
  options.query_timeout = milliseconds(20);
  return options;
}

// Asks once; only a change of resolv.conf makes it ask again within a test.
ResolverOptions patient() {
  ResolverOptions options;
  options.query_timeout = minutes(1);
  options.min_refresh = options.max_refresh = hours(1);
  options.min_retry = options.max_retry = hours(1);
  return options;
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() : thread_([this] { loop_.run(); }) { use_server("127.0.0.1"); }
  ~ResolverTest() override {
    on_loop([this] { resolver_.reset(); });
    loop_.stop();
    thread_.join();
    unlink(resolv_conf_.c_str());
  }

  // Replaces resolv.conf by renaming, as every tool that manages it does.
  void use_server(const std::string& server, const std::string& more = "") {
    std::ofstream(resolv_conf_ + ".new") << "nameserver " << server << "\n" << more;
    ASSERT_EQ(rename((resolv_conf_ + ".new").c_str(), resolv_conf_.c_str()), 0);
  }

  void start(ResolverOptions options) {
    options.resolv_conf = resolv_conf_;
    options.port = server_.port();
    on_loop([&] {
      auto created = Resolver::create(
          loop_, metrics_,
          [this](const std::string& host, const std::vector<base::IpAddress>& addresses) {
            const std::scoped_lock lock(mutex_);
            reports_[host].push_back(texts(addresses));
          },
          options,
          {.on_lookup =
               [this](const std::string& host, base::nanoseconds duration) {
                 const std::scoped_lock lock(mutex_);
                 lookups_[host].push_back(duration);
               },
           .on_failure =
               [this](const std::string& host) {
                 const std::scoped_lock lock(mutex_);
                 ++failed_[host];
               }});
      ASSERT_TRUE(created);
      resolver_ = std::move(*created);
    });
  }

  template <typename Function>
  void on_loop(Function function) {
    std::promise<void> done;
    loop_.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  void set_hosts(const Texts& hosts) {
    on_loop([&] { resolver_->set_hosts(hosts); });
  }
  Texts addresses(const std::string& host) {
    Texts result;
    on_loop([&] { result = texts(resolver_->addresses(host)); });
    return result;
  }
  bool resolves_to(const std::string& host, const Texts& expected) {
    return wait_until([&] { return addresses(host) == expected; });
  }
  std::vector<Texts> reports(const std::string& host) {
    const std::scoped_lock lock(mutex_);
    return reports_[host];
  }

  std::vector<base::nanoseconds> lookups(const std::string& host) {
    const std::scoped_lock lock(mutex_);
    return lookups_[host];
  }
  int failed(const std::string& host) {
    const std::scoped_lock lock(mutex_);
    return failed_[host];
  }
  void set_timing(const config::DnsConfig& timing) {
    on_loop([&] { resolver_->set_timing(timing); });
  }

  double metric(const std::string& series) {
    std::string text;
    metrics_.append_text(text);
    const std::size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return -1;
    return std::strtod(text.c_str() + at + series.size() + 2, nullptr);
  }
  double failures(const std::string& reason) {
    return metric("rtt_exporter_dns_failures_total{reason=\"" + reason + "\"}");
  }
  bool fails(const std::string& reason, double times = 1) {
    return wait_until([&] { return failures(reason) >= times; });
  }

  DnsServer server_;

 private:
  static Texts texts(const std::vector<base::IpAddress>& addresses) {
    Texts result;
    for (const base::IpAddress& address : addresses) result.push_back(address.to_string());
    return result;
  }

  const std::string resolv_conf_ = testing::TempDir() + "resolv_conf_" + std::to_string(getpid()) +
                                   "_" +
                                   testing::UnitTest::GetInstance()->current_test_info()->name();
  std::mutex mutex_;
  std::map<std::string, std::vector<Texts>> reports_;
  std::map<std::string, std::vector<base::nanoseconds>> lookups_;
  std::map<std::string, int> failed_;
  base::EventLoop loop_;
  metrics::ExporterMetrics metrics_;
  std::unique_ptr<Resolver> resolver_;
  std::thread thread_;
};

TEST_F(ResolverTest, ReportsALiteralBeforeSetHostsReturns) {
  start(patient());
  set_hosts({"10.0.0.5", "2001:db8::5"});
  EXPECT_THAT(reports("10.0.0.5"), ElementsAre(Texts{"10.0.0.5"}));
  EXPECT_THAT(reports("2001:db8::5"), ElementsAre(Texts{"2001:db8::5"}));
}

TEST_F(ResolverTest, AsksNobodyAboutALiteral) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"10.0.0.5", "db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  EXPECT_EQ(server_.queries("10.0.0.5"), 0);
  EXPECT_EQ(metric("rtt_exporter_dns_lookups_total"), 1);
}

TEST_F(ResolverTest, ReportsAKnownLiteralOnce) {
  start(patient());
  set_hosts({"10.0.0.5", "10.0.0.5"});
  set_hosts({"10.0.0.5"});
  EXPECT_THAT(reports("10.0.0.5"), ElementsAre(Texts{"10.0.0.5"}));
}

TEST_F(ResolverTest, ResolvesANameToIpv4AndIpv6) {
  start(patient());
  server_.set("db.test", {"127.0.0.9", "::1"});
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return !addresses("db.test").empty(); }));
  EXPECT_THAT(addresses("db.test"), UnorderedElementsAre("127.0.0.9", "::1"));
}

TEST_F(ResolverTest, ResolvesANameThatIsListedTwiceOnce) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test", "db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  EXPECT_EQ(server_.queries("db.test"), 2);  // A and AAAA
}

TEST_F(ResolverTest, ReadsTheHostsFile) {
  use_server(kNobody);
  start(patient());
  set_hosts({"localhost"});
  EXPECT_TRUE(wait_until([&] { return !addresses("localhost").empty(); }));
}

TEST_F(ResolverTest, UsesTheSearchList) {
  use_server("127.0.0.1", "search one.test two.test\n");
  start(patient());
  server_.set("db.two.test", {"127.0.0.9"});
  set_hosts({"db"});
  EXPECT_TRUE(resolves_to("db", {"127.0.0.9"}));
}

TEST_F(ResolverTest, SeesAChangedAddressOnceTheTtlIsOver) {
  start(eager());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  server_.set("db.test", {"127.0.0.10"});
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.10"}));
  EXPECT_THAT(reports("db.test"), ElementsAre(Texts{"127.0.0.9"}, Texts{"127.0.0.10"}));
}

TEST_F(ResolverTest, WaitsForTheTtl) {
  ResolverOptions options = eager();
  options.max_refresh = hours(1);
  start(options);
  server_.set("long.test", {"127.0.0.9"}, DnsBehaviour::kAnswer, 3600);
  server_.set("short.test", {"127.0.0.9"}, DnsBehaviour::kAnswer, 0);
  set_hosts({"long.test", "short.test"});
  ASSERT_TRUE(wait_until([&] { return server_.queries("short.test") >= 40; }));
  EXPECT_EQ(server_.queries("long.test"), 2);
}

TEST_F(ResolverTest, DoesNotWaitLongerThanMaxRefresh) {
  start(eager());
  server_.set("db.test", {"127.0.0.9"}, DnsBehaviour::kAnswer, 0x7fffffff);
  set_hosts({"db.test"});
  EXPECT_TRUE(wait_until([&] { return server_.queries("db.test") >= 20; }));
}

TEST_F(ResolverTest, TakesATtlWithItsTopBitSetAsZero) {
  ResolverOptions options = eager();
  options.max_refresh = hours(1);
  start(options);
  server_.set("db.test", {"127.0.0.9"}, DnsBehaviour::kAnswer, 0x80000001);
  set_hosts({"db.test"});
  EXPECT_TRUE(wait_until([&] { return server_.queries("db.test") >= 20; }));
}

TEST_F(ResolverTest, DoesNotReportAnAnswerThatOnlyRotates) {
  start(eager());
  server_.set("db.test", {"127.0.0.9", "127.0.0.10"});
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return !addresses("db.test").empty(); }));
  server_.set("db.test", {"127.0.0.10", "127.0.0.9"});
  const int before = server_.queries("db.test");
  ASSERT_TRUE(wait_until([&] { return server_.queries("db.test") > before + 20; }));
  EXPECT_EQ(reports("db.test").size(), 1U);
}

TEST_F(ResolverTest, KeepsTheFirstAddressFirstWhenOthersJoin) {
  start(eager());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  server_.set("db.test", {"127.0.0.10", "127.0.0.9"});
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9", "127.0.0.10"}));
}

TEST_F(ResolverTest, KeepsTheAddressesOfANameThatNoLongerResolves) {
  start(eager());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  server_.set("db.test", {}, DnsBehaviour::kServerFailure);
  ASSERT_TRUE(fails("server_failure", 3));
  EXPECT_THAT(addresses("db.test"), ElementsAre("127.0.0.9"));
  EXPECT_EQ(reports("db.test").size(), 1U);
}

TEST_F(ResolverTest, RecoversANameThatFailed) {
  start(eager());
  server_.set("db.test", {}, DnsBehaviour::kServerFailure);
  set_hosts({"db.test"});
  ASSERT_TRUE(fails("server_failure", 3));
  EXPECT_THAT(reports("db.test"), IsEmpty());
  server_.set("db.test", {"127.0.0.9"});
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
}

TEST_F(ResolverTest, DoesNotLetOneNameStopAnother) {
  start(hasty());
  server_.set("silent.test", {}, DnsBehaviour::kSilence);
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"nobody.test", "silent.test", "db.test"});
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  EXPECT_TRUE(fails("not_found"));
  EXPECT_TRUE(fails("timeout"));
}

TEST_F(ResolverTest, CountsANameWithoutAnyAddressAsNotFound) {
  start(patient());
  server_.set("empty.test", {});
  set_hosts({"empty.test"});
  EXPECT_TRUE(fails("not_found"));
}

TEST_F(ResolverTest, GetsThroughASilenceByAskingAgain) {
  ResolverOptions options = patient();
  options.query_timeout = milliseconds(500);
  start(options);
  server_.set("db.test", {"127.0.0.9"}, DnsBehaviour::kSilentOnce);
  set_hosts({"db.test"});
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  EXPECT_EQ(failures("timeout"), 0);
}

TEST_F(ResolverTest, SurvivesADeadServer) {
  use_server(kNobody);
  start(hasty());
  set_hosts({"db.test"});
  EXPECT_TRUE(wait_until([&] { return failures("server_failure") + failures("timeout") >= 2; }));
}

TEST_F(ResolverTest, SurvivesGarbage) {
  start(hasty());
  server_.set("db.test", {"127.0.0.9", "::1"}, DnsBehaviour::kGarbage);
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return server_.queries("db.test") >= 60; }));
  server_.set("db.test", {"127.0.0.9"});
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
}

TEST_F(ResolverTest, SurvivesRepliesThatAreTooShort) {
  start(hasty());
  server_.set("db.test", {}, DnsBehaviour::kOneByte);
  set_hosts({"db.test"});
  EXPECT_TRUE(fails("timeout"));
}

TEST_F(ResolverTest, IgnoresAnswersToOtherQueries) {
  start(hasty());
  server_.set("db.test", {"127.0.0.9"}, DnsBehaviour::kWrongId);
  set_hosts({"db.test"});
  ASSERT_TRUE(fails("timeout"));
  EXPECT_THAT(reports("db.test"), IsEmpty());
}

TEST_F(ResolverTest, AsksOverTcpWhenTheAnswerIsTruncated) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"}, DnsBehaviour::kTruncated);
  set_hosts({"db.test"});
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  EXPECT_EQ(server_.tcp_queries(), 2);
}

TEST_F(ResolverTest, HasEveryAddressOfALongAnswer) {
  start(patient());
  Texts many;
  for (int i = 1; i <= 100; ++i) many.push_back("127.0.1." + std::to_string(i));
  server_.set("db.test", many, DnsBehaviour::kTruncated);
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return !addresses("db.test").empty(); }));
  EXPECT_EQ(addresses("db.test").size(), many.size());
}

TEST_F(ResolverTest, CountsAnAddressThatIsNoPeerAsFailure) {
  start(patient());
  server_.set("blocked.test", {"0.0.0.0", "::"});
  set_hosts({"blocked.test"});
  ASSERT_TRUE(fails("bad_address"));
  EXPECT_THAT(reports("blocked.test"), IsEmpty());
}

TEST_F(ResolverTest, CountsATextThatIsNoNameAsFailure) {
  start(patient());
  set_hosts({std::string(300, 'x'), "a..b"});
  EXPECT_TRUE(fails("bad_name", 2));
}

TEST_F(ResolverTest, IgnoresTheAnswerForANameThatWasRemoved) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  server_.set("next.test", {"127.0.0.10"});
  server_.hold(true);
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return server_.names_kept() == 1; }));
  set_hosts({"next.test"});
  server_.hold(false);
  ASSERT_TRUE(resolves_to("next.test", {"127.0.0.10"}));
  EXPECT_THAT(reports("db.test"), IsEmpty());
  EXPECT_THAT(addresses("db.test"), IsEmpty());
}

TEST_F(ResolverTest, TakesTheAnswerForANameThatWasRemovedAndCameBack) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  server_.hold(true);
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return server_.names_kept() == 1; }));
  set_hosts({});
  set_hosts({"db.test"});
  server_.hold(false);
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  EXPECT_EQ(metric("rtt_exporter_dns_lookups_total"), 1);
}

TEST_F(ResolverTest, KeepsWhatItKnowsOfANameThatStays) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  set_hosts({"other.test", "db.test"});
  EXPECT_THAT(addresses("db.test"), ElementsAre("127.0.0.9"));
  ASSERT_TRUE(fails("not_found"));
  EXPECT_EQ(server_.queries("db.test"), 2);
}

TEST_F(ResolverTest, ForgetsARemovedName) {
  start(eager());
  server_.set("db.test", {"127.0.0.9"});
  server_.set("other.test", {"127.0.0.9"});
  set_hosts({"db.test", "other.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  set_hosts({"other.test"});
  EXPECT_THAT(addresses("db.test"), IsEmpty());
  // One lookup may be on its way; after that nobody asks.
  ASSERT_TRUE(wait_until([&, before = server_.queries("other.test")] {
    return server_.queries("other.test") > before + 10;
  }));
  const int asked = server_.queries("db.test");
  ASSERT_TRUE(wait_until([&, before = server_.queries("other.test")] {
    return server_.queries("other.test") > before + 20;
  }));
  EXPECT_EQ(server_.queries("db.test"), asked);
}

TEST_F(ResolverTest, AsksForAFewNamesAtATime) {
  ResolverOptions options = patient();
  options.max_outstanding = 50;
  start(options);
  Texts hosts;
  for (int i = 0; i < 2000; ++i) {
    hosts.push_back("h" + std::to_string(i) + ".test");
    server_.set(hosts.back(), {"127.0.0.9"});
  }
  server_.hold(true);
  set_hosts(hosts);
  ASSERT_TRUE(wait_until([&] { return server_.names_kept() == 50; }));
  EXPECT_EQ(metric("rtt_exporter_dns_lookups_total"), 50);
  EXPECT_EQ(metric("rtt_exporter_dns_unresolved_hosts"), 2000);
  server_.hold(false);
  EXPECT_TRUE(wait_until([&] { return metric("rtt_exporter_dns_unresolved_hosts") == 0; }));
  EXPECT_EQ(metric("rtt_exporter_dns_lookups_total"), 2000);
}

TEST_F(ResolverTest, FollowsAChangeOfResolvConf) {
  use_server(kNobody);
  start(eager());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return failures("server_failure") + failures("timeout") >= 1; }));
  use_server("127.0.0.1");
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
}

TEST_F(ResolverTest, AsksTheNewServerWhatTheOldOneDidNotAnswer) {
  start(patient());
  DnsServer next("127.0.0.2", server_.port());
  server_.hold(true);
  next.set("waiting.test", {"127.0.0.9"});
  next.set("db.test", {"127.0.0.9"});
  set_hosts({"waiting.test"});
  ASSERT_TRUE(wait_until([&] { return server_.names_kept() == 1; }));
  use_server("127.0.0.2");
  set_hosts({"waiting.test", "db.test"});
  EXPECT_TRUE(resolves_to("waiting.test", {"127.0.0.9"}));
  EXPECT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
}

TEST_F(ResolverTest, CanBeDestroyedWithLookupsOnTheirWay) {
  start(patient());
  server_.hold(true);
  set_hosts({"a.test", "b.test", "c.test"});
  ASSERT_TRUE(wait_until([&] { return server_.names_kept() == 3; }));
}

TEST_F(ResolverTest, CountsNamesWithoutAddress) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test", "nobody.test", "10.0.0.5"});
  EXPECT_TRUE(wait_until([&] { return metric("rtt_exporter_dns_unresolved_hosts") == 1; }));
  set_hosts({"db.test"});
  EXPECT_EQ(metric("rtt_exporter_dns_unresolved_hosts"), 0);
}

TEST_F(ResolverTest, HasItsMetricsFromTheStart) {
  start(patient());
  EXPECT_EQ(metric("rtt_exporter_dns_lookups_total"), 0);
  EXPECT_EQ(metric("rtt_exporter_dns_unresolved_hosts"), 0);
  for (const char* reason : {"not_found", "server_failure", "timeout", "bad_answer", "bad_name",
                             "bad_address", "local"}) {
    EXPECT_EQ(failures(reason), 0) << reason;
  }
}

TEST_F(ResolverTest, SaysHowLongALookupTook) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  server_.hold(true);
  const base::TimePoint before = base::Clock::now();
  set_hosts({"db.test"});
  ASSERT_TRUE(wait_until([&] { return server_.names_kept() == 1; }));
  std::this_thread::sleep_for(milliseconds(20));
  server_.hold(false);
  ASSERT_TRUE(wait_until([&] { return !lookups("db.test").empty(); }));
  EXPECT_GE(lookups("db.test").front(), milliseconds(20));
  EXPECT_LE(lookups("db.test").front(), base::Clock::now() - before);
}

TEST_F(ResolverTest, TellsOfEveryFailedLookup) {
  start(eager());
  server_.set("db.test", {}, DnsBehaviour::kServerFailure);
  set_hosts({"db.test"});
  EXPECT_TRUE(wait_until([&] { return failed("db.test") >= 3; }));
  EXPECT_THAT(lookups("db.test"), IsEmpty());
}

TEST_F(ResolverTest, AShorterRefreshHoldsForWhatIsKnown) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  set_hosts({"db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  set_timing({.min_refresh = milliseconds(1), .max_refresh = milliseconds(1)});
  EXPECT_TRUE(wait_until([&] { return server_.queries("db.test") >= 20; }));
}

TEST_F(ResolverTest, AShorterTimeoutHoldsFromTheNextLookup) {
  start(patient());
  server_.set("db.test", {"127.0.0.9"});
  server_.set("silent.test", {}, DnsBehaviour::kSilence);
  set_hosts({"db.test"});
  ASSERT_TRUE(resolves_to("db.test", {"127.0.0.9"}));
  set_timing({.timeout = milliseconds(20)});
  set_hosts({"db.test", "silent.test"});
  EXPECT_TRUE(fails("timeout"));
}

}  // namespace
}  // namespace rtt::targets
