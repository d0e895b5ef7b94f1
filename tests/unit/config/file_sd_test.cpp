#include "config/file_sd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace rtt::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

using Groups = std::vector<FileGroup>;

Groups groups_of(std::string_view text, std::string_view path = "peers.yml") {
  auto result = parse_file_sd(text, path);
  if (const auto* problems = std::get_if<Problems>(&result)) {
    ADD_FAILURE() << testing::PrintToString(*problems);
    return {};
  }
  return std::get<Groups>(std::move(result));
}

std::vector<std::string> hosts_of(std::string_view text, std::string_view path = "peers.yml") {
  std::vector<std::string> hosts;
  for (const FileGroup& group : groups_of(text, path)) {
    hosts.insert(hosts.end(), group.hosts.begin(), group.hosts.end());
  }
  return hosts;
}

Problems problems_of(std::string_view text, std::string_view path = "peers.yml") {
  auto result = parse_file_sd(text, path);
  if (std::holds_alternative<Groups>(result)) return {};
  return std::get<Problems>(std::move(result));
}

std::string testdata(const std::string& name) {
  return support::read_file(std::string(RTT_SOURCE_DIR) + "/tests/testdata/file_sd/" + name);
}

TEST(FileSd, ReadsWhatPrometheusReadsAsJson) {
  const FileGroup first{{"10.0.0.5", "db1.example.net", "2001:db8::5"}, {{"site", "fra"}}};
  const FileGroup second{{"db2.example.net"}, {{"note", "\xf0\x9f\x98\x80 / <ok>"}}};
  EXPECT_THAT(groups_of(testdata("prometheus.json"), "peers.json"), ElementsAre(first, second));
}

TEST(FileSd, ReadsWhatPrometheusReadsAsYaml) {
  const FileGroup first{{"10.0.0.5", "2001:db8::5"}, {{"rack", "12"}, {"site", "fra"}}};
  const FileGroup second{{"db1.example.net", "db2.example.net"}, {{"rack", "12"}, {"site", "fra"}}};
  EXPECT_THAT(groups_of(testdata("prometheus.yml")), ElementsAre(first, second));
}

TEST(FileSd, ReadsJsonWhateverTheFileIsCalled) {
  EXPECT_THAT(hosts_of("\t[{\"targets\"\n:\n[\"\\u0061\"]}]", "peers.yml"), ElementsAre("a"));
}

TEST(FileSd, ReadsYamlWhateverTheFileIsCalled) {
  EXPECT_THAT(hosts_of("- targets: [a]", "peers.json"), ElementsAre("a"));
}

TEST(FileSd, ReadsYamlThatBeginsLikeJson) {
  EXPECT_THAT(hosts_of("[{targets: [a]}]  # comment"), ElementsAre("a"));
}

TEST(FileSd, ReadsJsonBehindAByteOrderMark) {
  EXPECT_THAT(hosts_of("\xef\xbb\xbf[{\"targets\": [\"a\"]}]"), ElementsAre("a"));
}

TEST(FileSd, TakesNullForNothingAsGoProgramsWriteIt) {
  const FileGroup only{{"a"}, {{"x", "1"}, {"y", "true"}}};
  EXPECT_THAT(groups_of(testdata("nulls.json")), ElementsAre(only));
}

TEST(FileSd, AnEmptyListHasNoGroups) {
  EXPECT_THAT(groups_of("[]"), IsEmpty());
  EXPECT_THAT(groups_of("[]", "peers.json"), IsEmpty());
}

// Whoever empties the file to write it again is not done yet.
TEST(FileSd, AnEmptyFileIsAProblem) {
  for (const char* text : {"", "\n", "# nothing", "{}", "null"}) {
    EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr(": the file is empty; allowed: a list")))
        << text;
  }
}

TEST(FileSd, AGroupWithoutTargetsIsLeftOut) {
  EXPECT_THAT(groups_of("[{labels: {a: b}}, {targets: []}]"), IsEmpty());
}

TEST(FileSd, AHostWithSeveralPortsIsOneHost) {
  EXPECT_THAT(hosts_of("- targets: [DB:1, db:2, db., '[::1]:1', '0:0::1']"),
              ElementsAre("DB", "::1"));
}

TEST(FileSd, AHostOfTwoGroupsIsInTheFirst) {
  EXPECT_THAT(groups_of("[{targets: [a], labels: {n: 1}}, {targets: [a, b]}]"),
              ElementsAre(FileGroup{{"a"}, {{"n", "1"}}}, FileGroup{{"b"}, {}}));
}

TEST(FileSd, LabelsThatBeginWithTwoUnderscoresAreIgnored) {
  EXPECT_THAT(groups_of("[{targets: [a], labels: {__address__: x, __p: [1], b: c}}]"),
              ElementsAre(FileGroup{{"a"}, {{"b", "c"}}}));
}

TEST(FileSd, LabelsAreSortedByName) {
  EXPECT_THAT(groups_of("[{targets: [a], labels: {z: 1, b: 2}}]").front().labels,
              ElementsAre(Pair("b", "2"), Pair("z", "1")));
}

TEST(FileSd, ReservedLabelsAreProblems) {
  EXPECT_THAT(problems_of("- targets: [a]\n  labels: {peer: x}"),
              ElementsAre(StartsWith("peers.yml:2:12: label name 'peer' is reserved")));
}

TEST(FileSd, UnknownKeysAreProblems) {
  EXPECT_THAT(problems_of("- target: [a]"),
              ElementsAre(StartsWith("peers.yml:1:3: unknown key 'target' (did you mean")));
}

TEST(FileSd, BadTargetsAreProblems) {
  for (const char* target :
       {"a:b", "a:", "a:70000", "a:-1", ":80", "http://a/", "[::1", "[a]:1", "[10.0.0.1]:1",
        "[::1]:", "[::1]80", "10.0.0.0/8", "a b", "", "10.0.0.256", "0.0.0.0:1", "fe80::1%eth0"}) {
    EXPECT_THAT(problems_of("[{\"targets\": [\"" + std::string(target) + "\"]}]"), SizeIs(1))
        << target;
  }
}

TEST(FileSd, WhatIsNoTextIsNoTarget) {
  EXPECT_THAT(problems_of("[{targets: [[], {}, ~]}]"), SizeIs(3));
}

TEST(FileSd, WhatIsNoGroupIsAProblem) { EXPECT_THAT(problems_of("[a, [], null]"), SizeIs(3)); }

TEST(FileSd, OneProblemCostsAllGroups) {
  EXPECT_THAT(problems_of("[{targets: [a]}, {targets: ['a b']}]"), SizeIs(1));
}

TEST(FileSd, JsonProblemsKnowTheirPlace) {
  EXPECT_THAT(problems_of("[\n {\"targets\": [1, \"\\u0061\\\"\"],\n\t\"labels\": {\"a\": -1.5e3, "
                          "\"le\": true, \"b\": [null]}}, 7]",
                          "peers.json"),
              ElementsAre(StartsWith("peers.json:2:15: host '1'"), StartsWith("peers.json:2:18: "),
                          StartsWith("peers.json:3:26: label name 'le'"),
                          StartsWith("peers.json:3:43: label 'b' is a list"),
                          StartsWith("peers.json:3:53: a group is '7'")));
}

TEST(FileSd, AnEqualKeyInJsonIsAProblem) {
  EXPECT_THAT(problems_of("[{\"targets\": [],\n\"targets\": []}]", "peers.json"),
              ElementsAre("peers.json:2:1: key 'targets' again; it is already on line 1"));
}

TEST(FileSd, JsonThatIsCutShortIsAProblem) {
  EXPECT_THAT(problems_of("[{\"targets\": [\"a\"", "peers.json"),
              ElementsAre(StartsWith("peers.json:1:18: not JSON: while parsing")));
}

TEST(FileSd, ALoneSurrogateIsAProblem) {
  EXPECT_THAT(problems_of("[{\"targets\": [\"\\ud83d\"]}]", "peers.json"), SizeIs(1));
}

TEST(FileSd, AStringOfControlCharactersIsNoTarget) {
  EXPECT_THAT(problems_of("[{\"targets\": [\"a\\u0000\"]}]", "peers.json"), SizeIs(1));
}

TEST(FileSd, BytesThatAreNoTextAreAProblem) {
  EXPECT_THAT(problems_of("[{\"targets\": [\"\xff\"]}]", "peers.json"),
              ElementsAre(StartsWith("peers.json:1:16: not UTF-8")));
}

std::string many(const std::string& before, const std::string& item, std::size_t count,
                 const std::string& after) {
  std::string text = before;
  for (std::size_t i = 0; i < count; ++i) text += item;
  return text + after;
}

TEST(FileSd, AFileThatIsTooLargeIsAProblem) {
  EXPECT_THAT(problems_of("[" + std::string(kMaxFileSdBytes, ' ') + "]", "peers.json"),
              ElementsAre(HasSubstr("larger than 4 MiB")));
  EXPECT_THAT(problems_of(std::string(kMaxFileSdBytes, ' ')),
              ElementsAre(HasSubstr("larger than 1 MiB")));
}

TEST(FileSd, TooManyTargetsAreOneProblem) {
  EXPECT_THAT(problems_of(many("[{\"targets\":[\"a\"", ",\"a\"", kMaxFileSdTargets, "]}]")),
              ElementsAre(HasSubstr("more than 100000 targets")));
}

TEST(FileSd, DeepNestingIsAProblem) {
  EXPECT_THAT(problems_of(many("", "[", 300'000, "")), SizeIs(1));
  EXPECT_THAT(problems_of(many("", "[", 300'000, many("", "]", 300'000, ""))), SizeIs(1));
  EXPECT_THAT(problems_of(many("", "[", 300'000, ""), "peers.json"), SizeIs(1));
}

TEST(FileSd, TooManyValuesInJsonAreAProblem) {
  EXPECT_THAT(problems_of(many("[0", ",0", 1'000'000, "]"), "peers.json"),
              ElementsAre(HasSubstr("more than 1000000 values")));
}

TEST(FileSd, AliasesThatStandForMuchAreAProblem) {
  std::string text = "- &l {";
  for (int i = 0; i < 60; ++i) text += "l" + std::to_string(i) + ": " + std::string(250, 'x') + ",";
  text += "}\n";
  for (int i = 0; i < 5000; ++i) {
    text += "- {targets: [h" + std::to_string(i) + "], labels: *l}\n";
  }
  text.replace(0, 2, "- labels: ");
  EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("more than 32 MiB")));
}

TEST(FileSd, TooManyLabelsAreAProblem) {
  std::string text = "[{targets: [a], labels: {";
  for (int i = 0; i < 65; ++i) text += "l" + std::to_string(i) + ": x,";
  EXPECT_THAT(problems_of(text + "}}]"), ElementsAre(HasSubstr("more labels than 64")));
}

TEST(FileSd, AHundredProblemsAreEnough) {
  EXPECT_THAT(problems_of(many("[{\"targets\":[0", ",\"\"", 90'000, "]}]")), SizeIs(101));
}

TEST(FilePattern, MayHaveWildcardsInItsLastPart) {
  for (const char* good : {"peers.json", "/etc/rtt/*.yml", "a/[ab]?.json", "/a", "../x.json"}) {
    EXPECT_TRUE(check_file_pattern(good)) << good;
  }
}

TEST(FilePattern, MayHaveThemNowhereElse) {
  for (const char* bad : {"", "/", "/etc/", "/etc/*/a.json", "a[/b", ".", "/etc/..", "a\nb"}) {
    EXPECT_FALSE(check_file_pattern(bad)) << bad;
  }
  EXPECT_FALSE(check_file_pattern(std::string(5000, 'a')));
}

}  // namespace
}  // namespace rtt::config
