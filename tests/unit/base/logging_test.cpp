#include "base/logging.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace rtt::base {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kTime = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z";

class Logging : public testing::Test {
 protected:
  ~Logging() override { configure_logging(LogLevel::kInfo, LogFormat::kLogfmt); }

  static std::string output_of(const std::function<void()>& log) {
    testing::internal::CaptureStderr();
    log();
    return testing::internal::GetCapturedStderr();
  }
  static std::string value_as(LogFormat format, const std::string& value) {
    configure_logging(LogLevel::kInfo, format);
    return output_of([&] { log_info("m", {{"key", value}}); });
  }
};

TEST_F(Logging, WritesOneLogfmtLine) {
  EXPECT_THAT(output_of([] { log_info("started", {{"port", "80"}}); }),
              MatchesRegex(std::string("ts=") + kTime + " level=info msg=started port=80\n"));
}

TEST_F(Logging, WritesOneJsonLine) {
  configure_logging(LogLevel::kInfo, LogFormat::kJson);
  EXPECT_THAT(output_of([] { log_info("started", {{"port", "80"}}); }),
              MatchesRegex(std::string("\\{\"ts\":\"") + kTime +
                           "\",\"level\":\"info\",\"msg\":\"started\",\"port\":\"80\"\\}\n"));
}

TEST_F(Logging, NamesTheLevelsAsTheCommandLineDoes) {
  configure_logging(LogLevel::kDebug, LogFormat::kLogfmt);
  EXPECT_THAT(output_of([] { log_debug("m"); }), HasSubstr(" level=debug "));
  EXPECT_THAT(output_of([] { log_info("m"); }), HasSubstr(" level=info "));
  EXPECT_THAT(output_of([] { log_warn("m"); }), HasSubstr(" level=warn "));
  EXPECT_THAT(output_of([] { log_error("m"); }), HasSubstr(" level=error "));
}

TEST_F(Logging, LeavesOutWhatIsBelowTheLevel) {
  configure_logging(LogLevel::kWarn, LogFormat::kLogfmt);
  EXPECT_THAT(output_of([] { log_info("m"); }), IsEmpty());
  EXPECT_THAT(output_of([] { log_warn("m"); }), Not(IsEmpty()));
}

TEST_F(Logging, LeavesOutDebugByDefault) {
  EXPECT_THAT(output_of([] { log_debug("m"); }), IsEmpty());
}

TEST_F(Logging, QuotesLogfmtValuesThatNeedIt) {
  EXPECT_THAT(value_as(LogFormat::kLogfmt, "a b"), EndsWith(" key=\"a b\"\n"));
  EXPECT_THAT(value_as(LogFormat::kLogfmt, "a=b"), EndsWith(" key=\"a=b\"\n"));
  EXPECT_THAT(value_as(LogFormat::kLogfmt, ""), EndsWith(" key=\"\"\n"));
  EXPECT_THAT(value_as(LogFormat::kLogfmt, "10.0.0.1:80"), EndsWith(" key=10.0.0.1:80\n"));
}

TEST_F(Logging, KeepsALineBreakFromForgingASecondEvent) {
  for (const LogFormat format : {LogFormat::kLogfmt, LogFormat::kJson}) {
    const std::string line = value_as(format, "a\nts=forged");
    EXPECT_THAT(line, HasSubstr("\"a\\nts=forged\""));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
  }
}

TEST_F(Logging, EscapesQuotesAndBackslashes) {
  EXPECT_THAT(value_as(LogFormat::kJson, R"(a"b\c)"), HasSubstr(R"("key":"a\"b\\c")"));
  EXPECT_THAT(value_as(LogFormat::kLogfmt, R"(a"b\c)"), HasSubstr(R"(key="a\"b\\c")"));
}

TEST_F(Logging, EscapesControlCharacters) {
  EXPECT_THAT(value_as(LogFormat::kJson, std::string("a\0\x1b\x7f", 4)),
              HasSubstr(R"("a\u0000\u001b\u007f")"));
}

TEST_F(Logging, KeepsUtf8) {
  for (const std::string text : {"\u00fc", "\u20ac", "\U0001f600", "\U0010ffff", "\ud7ff"}) {
    EXPECT_THAT(value_as(LogFormat::kJson, text), HasSubstr("\"key\":\"" + text + "\""));
  }
}

TEST_F(Logging, ReplacesBytesThatAreNotUtf8) {
  struct Case {
    std::string bytes;
    std::string escaped;
  };
  const std::string bad = "\\ufffd";
  for (const Case& c : std::vector<Case>{{"a\xff z", "a" + bad + " z"},
                                         {"\xc3", bad},
                                         {"\xc3(", bad + "("},
                                         {"\xc0\x80", bad + bad},
                                         {"\xe0\x80\x80", bad + bad + bad},
                                         {"\xed\xa0\x80", bad + bad + bad},
                                         {"\xf4\x90\x80\x80", bad + bad + bad + bad},
                                         {"\xf5\x80\x80\x80", bad + bad + bad + bad}}) {
    EXPECT_THAT(value_as(LogFormat::kJson, c.bytes), HasSubstr("\"key\":\"" + c.escaped + "\""));
  }
}

TEST_F(Logging, TakesBracesAndPercentSignsLiterally) {
  EXPECT_THAT(value_as(LogFormat::kLogfmt, "{}%v%s"), EndsWith(" key={}%v%s\n"));
}

TEST_F(Logging, KeepsLinesOfSeveralThreadsWhole) {
  const std::string output = output_of([] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int line = 0; line < 100; ++line) log_info("m", {{"key", "value"}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  const std::string line = std::string("ts=") + kTime + " level=info msg=m key=value\n";
  EXPECT_THAT(output, MatchesRegex("(" + line + "){400}"));
}

class LogNobodyReads : public Logging {
 protected:
  LogNobodyReads() : stderr_(dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~LogNobodyReads() override { dup2(stderr_.get(), STDERR_FILENO); }

  void fill() {
    for (const std::uint64_t before = dropped_log_lines(); dropped_log_lines() == before;) {
      log_info("m", {{"key", std::string(1000, 'x')}});
    }
  }
  std::string read_all() {
    std::string text(1 << 20, '\0');
    const ssize_t size = read(reader_.get(), text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return text;
  }

  UniqueFd stderr_;
  UniqueFd reader_;
};

TEST_F(LogNobodyReads, ALineThatThePipeDoesNotTakeIsCountedAndNotWaitedFor) {
  fill();
  const std::uint64_t dropped = dropped_log_lines();
  log_info("m");
  EXPECT_EQ(dropped_log_lines(), dropped + 1);
}

TEST_F(LogNobodyReads, LinesComeAgainWhenSomebodyReads) {
  fill();
  (void)read_all();
  log_info("again");
  EXPECT_THAT(read_all(), HasSubstr(" msg=again\n"));
}

TEST_F(LogNobodyReads, AReaderThatHasGoneIsCounted) {
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  reader_.reset();
  const std::uint64_t dropped = dropped_log_lines();
  log_info("m");
  EXPECT_EQ(dropped_log_lines(), dropped + 1);
  std::signal(SIGPIPE, handler);
}

}  // namespace
}  // namespace rtt::base
