// The files in config/ that users get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/loader.h"
#include "unit/config/fake_methods.h"

namespace rtt::config {
namespace {

using testing::ElementsAre;

std::string contents(const std::string& name) {
  std::ifstream file(std::string(RTT_SOURCE_DIR) + "/config/" + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Config loaded(std::string_view text) {
  auto result = load(text, "shipped.yml", permissive_methods());
  if (const auto* problems = std::get_if<Problems>(&result)) {
    for (const std::string& problem : *problems) ADD_FAILURE() << problem;
    return {};
  }
  return std::get<Config>(std::move(result));
}

// "#  key: value" -> "  key: value": the examples, which a user gets by removing the '#'.
std::string with_examples(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#  ")) line.erase(0, 1);
    result += line + "\n";
  }
  return result;
}

TEST(Quickstart, IsWhatIsBuiltIn) { EXPECT_EQ(builtin_defaults(), contents("quickstart.yml")); }

TEST(Quickstart, MeasuresThisMachineOnly) {
  const Config config = loaded(builtin_defaults());
  ASSERT_EQ(config.targets.size(), 1U);
  EXPECT_EQ(config.targets[0].name, "self");
  EXPECT_THAT(config.targets[0].hosts, ElementsAre("127.0.0.1"));
}

TEST(Quickstart, MeasuresWithEveryActiveMethod) {
  const Config config = loaded(builtin_defaults());
  std::vector<std::string> methods;
  for (const std::size_t index : config.targets.at(0).probes) {
    methods.push_back(config.probes[index].method);
  }
  EXPECT_THAT(methods, ElementsAre("icmp", "tcp_connect", "tcp_echo"));
}

TEST(Quickstart, ListensOnLoopbackOnly) {
  const Config config = loaded(builtin_defaults());
  ASSERT_EQ(config.echo_server_listen.size(), 1U);
  EXPECT_EQ(config.echo_server_listen[0].to_string(), "127.0.0.1:10007");
}

TEST(AnnotatedFile, ProbesThisMachineOnly) {
  std::vector<std::string> probed;
  for (const Target& target : loaded(contents("rtt_exporter.yml")).targets) {
    if (target.probes.empty()) continue;
    probed.insert(probed.end(), target.hosts.begin(), target.hosts.end());
  }
  EXPECT_THAT(probed, ElementsAre("127.0.0.1"));
}

TEST(AnnotatedFile, StatesTheDefaultHistogram) {
  EXPECT_EQ(loaded(contents("rtt_exporter.yml")).histogram, loaded("").histogram);
}

TEST(AnnotatedFile, StatesTheDefaultSources) {
  const Config annotated = loaded(contents("rtt_exporter.yml"));
  EXPECT_EQ(annotated.max_series, loaded("").max_series);
  EXPECT_TRUE(annotated.passive.tcp_probe.enabled);
  EXPECT_EQ(annotated.passive.tcp_probe.max_cpu_share, loaded("").passive.tcp_probe.max_cpu_share);
  EXPECT_TRUE(annotated.passive.tcp_info.enabled);
  EXPECT_EQ(annotated.passive.tcp_info.interval, loaded("").passive.tcp_info.interval);
}

TEST(AnnotatedFile, ItsExamplesLoad) {
  const std::string text = contents("rtt_exporter.yml");
  const Config plain = loaded(text);
  const Config with = loaded(with_examples(text));
  EXPECT_GT(with.probes.size(), plain.probes.size());
  EXPECT_GT(with.targets.size(), plain.targets.size());
}

}  // namespace
}  // namespace rtt::config
