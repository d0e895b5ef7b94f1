// Every configuration of the exporter in config/, started as a user would start it. New files are
// found by themselves.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "support/daemon.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using support::Daemon;
using support::Namespace;
using support::Scrape;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

const std::filesystem::path kConfig = std::filesystem::path(RTT_SOURCE_DIR) / "config";
constexpr const char* kBuiltIn = "(built-in defaults)";

using Configurations = std::map<std::string, std::string>;  // content by name

/// Files for other programs, and for the exporter's --web.config.file.
bool is_of_another_kind(const std::filesystem::path& relative) {
  const std::string top = *relative.begin();
  return top == "prometheus" || top == "stack" || top == "web";
}

Configurations shipped_configurations() {
  Configurations found = {{kBuiltIn, ""}};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kConfig)) {
    const std::filesystem::path relative = std::filesystem::relative(entry.path(), kConfig);
    if (entry.path().extension() != ".yml" || is_of_another_kind(relative)) continue;
    found[relative] = support::read_file(entry.path());
  }
  return found;
}

bool every_probe_has_started(const Scrape& scrape) {
  const auto sent = scrape.samples("rtt_probes_sent_total");
  return std::none_of(sent.begin(), sent.end(),
                      [](const auto& sample) { return sample.value == 0; });
}

/// What `promtool check metrics` has to say about a scrape, its exit code if that is not 0 included.
std::string complaints(const std::string& scrape) {
  const support::TemporaryDirectory directory;
  support::Process promtool(
      {"sh", "-c", "promtool check metrics < " + directory.write("metrics", scrape)});
  const auto code = promtool.wait(30s);
  std::string text = promtool.output() + promtool.errors();
  if (code != 0) text += "exit code " + (code ? std::to_string(*code) : "none");
  return text;
}

TEST(ShippedConfigurations, AreFound) {
  std::vector<std::string> names;
  for (const auto& [name, text] : shipped_configurations()) names.push_back(name);
  EXPECT_THAT(names, IsSupersetOf({kBuiltIn, "quickstart.yml", "rtt_exporter.yml",
                                   "kubernetes/base/rtt_exporter.yml"}));
}

void expect_clean_scrape(const std::string& configuration) {
  const Namespace here;  // no network: names do not resolve there, and nobody else is probed
  const Daemon daemon(here, Daemon::Options{.config = configuration});
  EXPECT_FALSE(daemon.scrape_until(every_probe_has_started).families().empty());
  const auto response = daemon.get("/metrics");
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_THAT(complaints(response->body), IsEmpty());
}

TEST(ShippedConfigurations, ExposeMetricsThatPromtoolFindsNothingToSayAbout) {
  for (const auto& [name, text] : shipped_configurations()) {
    SCOPED_TRACE(name);
    EXPECT_NO_THROW(expect_clean_scrape(text));
  }
}

// Without this, a promtool that says nothing to anything would do.
TEST(Promtool, ComplainsAboutABadScrape) {
  EXPECT_THAT(complaints("# TYPE sent counter\nsent 1\n"), ::testing::HasSubstr("sent"));
}

}  // namespace
}  // namespace rtt::integration
