#include "app/probe_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::vector<config::Probe> probes() {
  config::Probe ping;
  ping.name = "ping";
  ping.method = "icmp";
  config::Probe connect;
  connect.name = "connect";
  connect.method = "tcp_connect";
  return {ping, connect};
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

const Parameters kGood = {{"module", "connect"}, {"target", "Db1.example.net"}};

std::string problem_with(const Parameters& parameters, const std::string& timeout = "") {
  const auto query = parse_probe_query({parameters, timeout}, probes());
  EXPECT_FALSE(query);
  return query ? "" : query.error().message;
}

base::nanoseconds window_for(const std::string& timeout) {
  const auto query = parse_probe_query({kGood, timeout}, probes());
  EXPECT_TRUE(query) << timeout;
  return query ? query->window : 0ns;
}

TEST(ProbeQuery, TakesTargetAndModule) {
  const auto query = parse_probe_query({kGood, ""}, probes());
  ASSERT_TRUE(query);
  EXPECT_EQ(query->target, "Db1.example.net");
  EXPECT_EQ(query->probe.method, "tcp_connect");
}

TEST(ProbeQuery, TakesAddresses) {
  for (const char* target : {"10.0.0.5", "2001:db8::5", "::ffff:10.0.0.5"}) {
    EXPECT_TRUE(parse_probe_query({{{"module", "ping"}, {"target", target}}, ""}, probes()))
        << target;
  }
}

TEST(ProbeQuery, NeedsBothParameters) {
  EXPECT_THAT(problem_with({}), HasSubstr("'target' is missing"));
  EXPECT_THAT(problem_with({{"target", "a"}}), HasSubstr("'module' is missing"));
}

TEST(ProbeQuery, RefusesAParameterTwice) {
  EXPECT_THAT(problem_with({{"target", "a"}, {"target", "b"}, {"module", "ping"}}),
              HasSubstr("'target' is there twice"));
}

TEST(ProbeQuery, RefusesAParameterThatItDoesNotKnow) {
  EXPECT_THAT(problem_with({{"target", "a"}, {"module", "ping"}, {"debug", "true"}}),
              HasSubstr("'debug' is not known"));
}

TEST(ProbeQuery, NamesTheModulesThatThereAre) {
  EXPECT_EQ(problem_with({{"target", "a"}, {"module", "pin"}}),
            "no probe is called 'pin' (did you mean 'ping'?); allowed: ping, connect");
}

TEST(ProbeQuery, RefusesWhatIsNoHost) {
  for (const std::string& target :
       {std::string(), std::string("a b"), std::string("a\0b", 3), std::string(300, 'a'),
        std::string("10.0.0.5:443"), std::string("[::1]"), std::string("http://a/"),
        std::string("0.0.0.0"), std::string("224.0.0.1"), std::string("a\nb"),
        std::string("fe80::1%eth0"), std::string("\xff")}) {
    EXPECT_THAT(problem_with({{"target", target}, {"module", "ping"}}), HasSubstr("allowed: "))
        << target;
  }
}

TEST(ProbeQuery, RefusesAnAddressOfAnotherFamilyThanTheProbes) {
  auto known = probes();
  known[0].ip_family = config::IpFamily::kIpv4;
  const web::ProbeRequest request{{{"target", "2001:db8::5"}, {"module", "ping"}}, ""};
  EXPECT_THAT(parse_probe_query(request, known).error().message, HasSubstr("another family"));
}

TEST(ProbeQuery, LeavesHalfASecondOfTheScrapeTimeout) {
  EXPECT_EQ(window_for("10"), 9500ms);
  EXPECT_EQ(window_for("2.5"), 2s);
}

TEST(ProbeQuery, LeavesAQuarterOfAShortScrapeTimeout) {
  EXPECT_EQ(window_for("1"), 750ms);
  EXPECT_EQ(window_for("0.1"), 75ms);
}

TEST(ProbeQuery, HasADefaultAndAnUpperBound) {
  EXPECT_EQ(window_for(""), 5s);
  EXPECT_EQ(window_for("120"), 30s);
  EXPECT_EQ(window_for("1e300"), 30s);
}

TEST(ProbeQuery, RefusesAScrapeTimeoutThatIsNone) {
  for (const char* timeout : {"0", "-1", "0.01", "nan", "1s", "1, 2", "x", " 1"}) {
    EXPECT_THAT(problem_with(kGood, timeout), HasSubstr("at least 0.1")) << timeout;
  }
}

}  // namespace
}  // namespace rtt::app
