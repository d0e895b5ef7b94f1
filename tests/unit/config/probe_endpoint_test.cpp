// The section `probe_endpoint`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"
#include "unit/config/fake_methods.h"

namespace rtt::config {
namespace {

using testing::ElementsAre;

std::optional<ProbeEndpoint> endpoint(std::string_view text) {
  const auto result = load(text, "test.yml", fake_methods());
  if (const auto* config = std::get_if<Config>(&result)) return config->probe_endpoint;
  ADD_FAILURE() << testing::PrintToString(std::get<Problems>(result));
  return std::nullopt;
}

Problems problems_of(std::string_view text) {
  const auto result = load(text, "test.yml", fake_methods());
  EXPECT_TRUE(std::holds_alternative<Problems>(result)) << text;
  const auto* problems = std::get_if<Problems>(&result);
  return problems != nullptr ? *problems : Problems();
}

TEST(ProbeEndpointSection, IsOffWithoutTheKey) { EXPECT_FALSE(endpoint("{}")); }

TEST(ProbeEndpointSection, HasDefaults) {
  const auto read = endpoint("probe_endpoint: {networks: [10.0.0.0/8]}");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->probes, 10U);
  EXPECT_EQ(read->max_concurrent, 8U);
}

TEST(ProbeEndpointSection, IsReadAsItStands) {
  const auto read = endpoint(
      "probe_endpoint: {networks: [10.0.0.0/8, '2001:db8::/32'], probes: 3, max_concurrent: 2}");
  ASSERT_TRUE(read);
  EXPECT_THAT(read->networks, ElementsAre(*base::IpPrefix::parse("10.0.0.0/8"),
                                          *base::IpPrefix::parse("2001:db8::/32")));
  EXPECT_EQ(read->probes, 3U);
  EXPECT_EQ(read->max_concurrent, 2U);
}

TEST(ProbeEndpointSection, NeedsNetworks) {
  for (const char* text : {"probe_endpoint: {probes: 1}", "probe_endpoint: {networks: []}"}) {
    EXPECT_THAT(problems_of(text),
                ElementsAre(testing::EndsWith("'probe_endpoint' without 'networks'; allowed: the "
                                              "CIDR prefixes that /probe may probe, at least one")))
        << text;
  }
}

TEST(ProbeEndpointSection, NamesEveryProblem) {
  EXPECT_THAT(
      problems_of("probe_endpoint:\n"
                  "  networks: [10.0.0.1/8, 10.0.0.0/8, 10.0.0.0/8, {}]\n"
                  "  probes: 101\n"
                  "  max_concurrent: 0\n"
                  "  timeout: 1s\n"),
      ElementsAre(testing::StartsWith("test.yml:2:14: "),
                  "test.yml:2:38: network '10.0.0.0/8' again; allowed: each once",
                  "test.yml:2:50: network is a mapping; allowed: CIDR notation like 10.1.0.0/16",
                  testing::StartsWith("test.yml:3:11: 'probes' is '101'"),
                  testing::StartsWith("test.yml:4:19: 'max_concurrent' is '0'"),
                  testing::HasSubstr("'timeout'")));
}

}  // namespace
}  // namespace rtt::config
