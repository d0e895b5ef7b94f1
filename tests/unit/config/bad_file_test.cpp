// tests/testdata/config/bad: each file beside the exact lines that it gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/loader.h"
#include "unit/config/fake_methods.h"

namespace rtt::config {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(RTT_SOURCE_DIR) / "tests/testdata/config/bad";

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yml") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class BadFile : public testing::TestWithParam<std::string> {};

TEST_P(BadFile, GivesExactlyTheseProblems) {
  const std::string file = GetParam() + ".yml";
  const auto loaded = load(contents(kFolder / file), file, fake_methods());
  ASSERT_TRUE(std::holds_alternative<Problems>(loaded));
  std::string lines;
  for (const std::string& line : std::get<Problems>(loaded)) lines += line + "\n";
  EXPECT_EQ(lines, contents(kFolder / (GetParam() + ".txt")));
}

INSTANTIATE_TEST_SUITE_P(Config, BadFile, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace rtt::config
