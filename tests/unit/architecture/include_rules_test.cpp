// "Who may include whom" (ARCHITECTURE.md), checked against every source file of userspace/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace rtt {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Path below userspace/ -> text.
using Tree = std::map<std::string, std::string>;

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {}},
    {"config", {"base"}},
    {"metrics", {"base"}},
    {"targets", {"base", "config", "metrics"}},
    {"owners", {"base", "config", "metrics"}},
    {"passive", {"base", "config", "targets", "metrics", "owners", "bpf"}},
    {"probers", {"base", "config", "targets", "metrics"}},
    {"echo_server", {"base", "metrics"}},
    {"web", {"base", "config", "metrics"}},
    {"app",
     {"base", "config", "targets", "metrics", "owners", "passive", "probers", "echo_server",
      "web"}},
    {"main.cpp", {"app"}},
};

// The headers of bpf/ that both sides compile.
const std::set<std::string> kSharedWithTheKernel = {"bpf/rtt_shared.h", "bpf/bucket_table.h"};

struct Wrapped {
  std::string_view prefix;
  std::string_view folder;
};

// Third-party headers and the folders that wrap them: one, but for curl.
constexpr Wrapped kWrapped[] = {{"asio/", "base"},
                                {"asio.hpp", "base"},
                                {"spdlog/", "base"},
                                {"fmt/", "base"},
                                {"yaml-cpp/", "config"},
                                {"nlohmann/", "config"},
                                {"ares", "targets"},
                                {"prometheus/", "metrics"},
                                {"google/", "metrics"},
                                {"bpf/", "passive"},
                                {"curl/", "probers"},
                                {"curl/", "owners"},
                                {"microhttpd.h", "web"},
                                {"openssl/", "probers"},
                                {"gnutls/", "web"},
                                {"crypt.h", "web"},
                                {"CLI/", "app"},
                                {"systemd/", "app"},
                                {"sys/capability.h", "app"}};

struct Include {
  bool is_quoted;
  std::string path;
};

// Takes `word` and the blanks around it off the front of `line`; false when it is not there.
bool skip(std::string_view& line, std::string_view word) {
  constexpr std::string_view kBlanks = " \t";
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(kBlanks)));
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(kBlanks)));
  return true;
}

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> result;
  std::istringstream lines(text);
  for (std::string whole; std::getline(lines, whole);) {
    std::string_view line = whole;
    if (!skip(line, "#") || !skip(line, "include") || line.empty()) continue;
    const bool is_quoted = line.front() == '"';
    line.remove_prefix(1);
    result.push_back({is_quoted, std::string(line.substr(0, line.find(is_quoted ? '"' : '>')))});
  }
  return result;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

bool is_header(const std::string& path) { return path.ends_with(".h"); }

// "icmp" for probers/icmp/..., nothing for probers/scheduler.h.
std::string method_of(const std::string& path) {
  if (folder_of(path) != "probers") return {};
  const std::string rest = path.substr(path.find('/') + 1);
  return rest.find('/') == std::string::npos ? std::string() : folder_of(rest);
}

// Whether a file outside of the header's folder sees it, directly or through other headers.
bool is_seen_outside(const Tree& tree, const std::string& header) {
  std::set<std::string> seeing = {header};
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& [path, text] : tree) {
      if (seeing.contains(path)) continue;
      for (const Include& include : includes_of(text)) {
        if (seeing.contains(include.path)) grew |= seeing.insert(path).second;
      }
    }
  }
  return std::any_of(seeing.begin(), seeing.end(),
                     [&](const std::string& path) { return folder_of(path) != folder_of(header); });
}

// What is wrong with a quoted include; empty when nothing is.
std::string own_problem(const std::string& path, const std::string& included) {
  const std::string folder = folder_of(path);
  const std::string other = folder_of(included);
  if (included.ends_with(".skel.h")) {
    return folder == "passive" && !is_header(path) ? "" : "skeletons belong into passive/*.cpp";
  }
  if (included.ends_with(".pb.h")) {
    return folder == "metrics" && !is_header(path) ? ""
                                                   : "protobuf messages belong into metrics/*.cpp";
  }
  if (other == "bpf" && !kSharedWithTheKernel.contains(included)) {
    return "user space does not compile this header";
  }
  if (other != "bpf" && !kMayInclude.contains(other)) return "write the path below userspace/";
  if (other != folder && !kMayInclude.at(folder).contains(other)) {
    return folder + " must not include " + other;
  }
  const std::string method = method_of(path);
  if (!method.empty() && !method_of(included).empty() && method_of(included) != method) {
    return "methods must not include each other";
  }
  return "";
}

std::string third_party_problem(const Tree& tree, const std::string& path,
                                const std::string& included) {
  std::set<std::string> folders;
  for (const Wrapped& wrapped : kWrapped) {
    if (included.starts_with(wrapped.prefix)) folders.emplace(wrapped.folder);
  }
  if (folders.empty()) return "";
  if (!folders.contains(folder_of(path))) {
    std::string names;
    for (const std::string& folder : folders) names += (names.empty() ? "" : " and ") + folder;
    return "only " + names + " wraps this library";
  }
  if (is_header(path) && is_seen_outside(tree, path)) {
    return "a header that other folders see must hide the library";
  }
  return "";
}

// One line "path: included: what is wrong" each.
std::vector<std::string> violations(const Tree& tree) {
  std::vector<std::string> result;
  for (const auto& [path, text] : tree) {
    if (!kMayInclude.contains(folder_of(path))) {
      result.push_back(path + ": no rule for this folder");
      continue;
    }
    for (const Include& include : includes_of(text)) {
      const std::string problem = include.is_quoted ? own_problem(path, include.path)
                                                    : third_party_problem(tree, path, include.path);
      if (!problem.empty()) result.push_back(path + ": " + include.path + ": " + problem);
    }
  }
  return result;
}

Tree source_tree() {
  const std::filesystem::path root = std::filesystem::path(RTT_SOURCE_DIR) / "userspace";
  Tree tree;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (extension != ".h" && extension != ".cpp") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    tree.emplace(std::filesystem::relative(entry.path(), root).string(), text.str());
  }
  return tree;
}

TEST(IncludeRules, HoldForTheSourceTree) { EXPECT_THAT(violations(source_tree()), IsEmpty()); }

TEST(IncludeRules, AreCheckedOnEveryFolder) {
  std::set<std::string> folders;
  for (const auto& [path, text] : source_tree()) {
    if (!includes_of(text).empty()) folders.insert(folder_of(path));
  }
  std::set<std::string> expected;
  for (const auto& [folder, allowed] : kMayInclude) expected.insert(folder);
  EXPECT_EQ(folders, expected);
}

TEST(IncludeChecker, AcceptsWhatIsAllowed) {
  EXPECT_THAT(violations({{"passive/a.cpp",
                           "#include \"passive/a.h\"\n#include \"bpf/rtt_shared.h\"\n"
                           "#include <bpf/libbpf.h>\n#include \"tcp_probe.skel.h\"\n"},
                          {"passive/a.h", "#include <vector>\n#include \"targets/x.h\"\n"},
                          {"targets/x.h", "#include \"config/y.h\"\n"},
                          {"app/b.cpp", "#include \"passive/a.h\"\n#include \"web/c.h\"\n"},
                          {"main.cpp", "#include \"app/b.h\"\n"}}),
              IsEmpty());
}

TEST(IncludeChecker, FindsAnIncludeAgainstTheDirection) {
  EXPECT_THAT(violations({{"base/a.h", "#include \"config/b.h\"\n"}}),
              ElementsAre("base/a.h: config/b.h: base must not include config"));
}

TEST(IncludeChecker, KeepsPassiveProbersAndWebApart) {
  const std::vector<std::string> folders = {"passive", "probers", "web"};
  for (const std::string& from : folders) {
    for (const std::string& to : folders) {
      if (from == to) continue;
      EXPECT_THAT(violations({{from + "/a.cpp", "#include \"" + to + "/b.h\"\n"}}),
                  ElementsAre(HasSubstr("must not include " + to)));
    }
  }
}

TEST(IncludeChecker, SharesBpfHeadersWithPassiveOnly) {
  EXPECT_THAT(violations({{"metrics/a.h", "#include \"bpf/rtt_shared.h\"\n"}}),
              ElementsAre(HasSubstr("metrics must not include bpf")));
  EXPECT_THAT(violations({{"passive/a.cpp", "#include \"bpf/classify.bpf.h\"\n"}}),
              ElementsAre(HasSubstr("does not compile this header")));
}

TEST(IncludeChecker, KeepsSkeletonsInPassive) {
  EXPECT_THAT(violations({{"app/a.cpp", "#include \"tcp_probe.skel.h\"\n"},
                          {"passive/a.h", "#include \"tcp_probe.skel.h\"\n"}}),
              ElementsAre(HasSubstr("app/a.cpp"), HasSubstr("passive/a.h")));
}

TEST(IncludeChecker, FindsPathsThatAreNotFromTheRoot) {
  EXPECT_THAT(violations({{"base/a.cpp", "#include \"a.h\"\n#include \"../config/b.h\"\n"}}),
              ElementsAre(HasSubstr("base/a.cpp: a.h"), HasSubstr("base/a.cpp: ../config/b.h")));
}

TEST(IncludeChecker, FindsAThirdPartyHeaderInAnotherFolder) {
  for (const Wrapped& wrapped : kWrapped) {
    const std::string line = "#include <" + std::string(wrapped.prefix) + ">\n";
    const std::string elsewhere = wrapped.folder == "base" ? "web" : "base";
    EXPECT_THAT(violations({{elsewhere + "/a.cpp", line}}),
                ElementsAre(ContainsRegex("only .*" + std::string(wrapped.folder) + ".* wraps")))
        << line;
  }
}

TEST(IncludeChecker, FindsAThirdPartyHeaderThatReachesAnotherFolder) {
  EXPECT_THAT(violations({{"config/inner.h", "#include <yaml-cpp/yaml.h>\n"},
                          {"config/outer.h", "#include \"config/inner.h\"\n"},
                          {"targets/a.cpp", "#include \"config/outer.h\"\n"}}),
              ElementsAre(HasSubstr("config/inner.h: yaml-cpp/yaml.h: a header")));
}

TEST(IncludeChecker, AcceptsAThirdPartyHeaderThatStaysInItsFolder) {
  EXPECT_THAT(violations({{"config/inner.h", "#include <yaml-cpp/yaml.h>\n"},
                          {"config/a.cpp", "#include \"config/inner.h\"\n"}}),
              IsEmpty());
}

TEST(IncludeChecker, KeepsMethodsApart) {
  EXPECT_THAT(violations({{"probers/icmp/a.cpp",
                           "#include \"probers/scheduler.h\"\n#include \"probers/icmp/b.h\"\n"
                           "#include \"probers/tcp_echo/c.h\"\n"},
                          {"probers/method_table.cpp", "#include \"probers/icmp/method.h\"\n"}}),
              ElementsAre(HasSubstr("probers/tcp_echo/c.h: methods must not")));
}

TEST(IncludeChecker, WantsARuleForEveryFolder) {
  EXPECT_THAT(violations({{"extra/a.h", ""}}), ElementsAre("extra/a.h: no rule for this folder"));
}

TEST(IncludeChecker, SeesIncludesHoweverTheyAreWritten) {
  EXPECT_THAT(violations({{"base/a.h", "  #  include   \"web/b.h\"  // why\n"}}),
              ElementsAre(HasSubstr("base must not include web")));
}

}  // namespace
}  // namespace rtt
