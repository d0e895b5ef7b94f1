#include "app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtt::app {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::variant<Options, Exit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "rtt_exporter");
  return parse_options(static_cast<int>(arguments.size()), arguments.data(), "1.2.3");
}

Options accepted(std::vector<const char*> arguments) {
  const auto result = parse(std::move(arguments));
  if (const auto* exit = std::get_if<Exit>(&result)) {
    ADD_FAILURE() << exit->text;
    return {};
  }
  return std::get<Options>(result);
}

Exit exit_of(std::vector<const char*> arguments) {
  const auto result = parse(std::move(arguments));
  const auto* exit = std::get_if<Exit>(&result);
  EXPECT_NE(exit, nullptr);
  return exit != nullptr ? *exit : Exit{-1, ""};
}

void expect_refused(std::vector<const char*> arguments, const std::string& reason) {
  const Exit exit = exit_of(std::move(arguments));
  EXPECT_EQ(exit.code, 2);
  EXPECT_THAT(exit.text, HasSubstr("Usage: rtt_exporter"));
  EXPECT_THAT(exit.text, EndsWith("rtt_exporter: " + reason + "\n"));
}

TEST(Options, HaveTheDefaultsOfTheDocumentation) {
  const Options options = accepted({});
  EXPECT_EQ(options.config_file, "");
  EXPECT_FALSE(options.config_check);
  ASSERT_EQ(options.listen.size(), 1u);
  EXPECT_EQ(options.listen[0].to_string(), ":10049");
  EXPECT_EQ(options.telemetry_path, "/metrics");
  EXPECT_EQ(options.log_level, base::LogLevel::kInfo);
  EXPECT_EQ(options.log_format, base::LogFormat::kLogfmt);
}

TEST(Options, TakeValuesAfterAnEqualsSign) {
  EXPECT_EQ(accepted({"--config.file=/etc/rtt.yml"}).config_file, "/etc/rtt.yml");
}

TEST(Options, TakeValuesAsTheNextArgument) {
  EXPECT_EQ(accepted({"--config.file", "/etc/rtt.yml"}).config_file, "/etc/rtt.yml");
}

TEST(Options, CheckTheConfiguration) { EXPECT_TRUE(accepted({"--config.check"}).config_check); }

TEST(Options, ListenOnEveryAddressGivenInsteadOfTheDefault) {
  const Options options =
      accepted({"--web.listen-address=127.0.0.1:1", "--web.listen-address", "[::1]:2"});
  ASSERT_EQ(options.listen.size(), 2u);
  EXPECT_EQ(options.listen[0].to_string(), "127.0.0.1:1");
  EXPECT_EQ(options.listen[1].to_string(), "[::1]:2");
}

TEST(Options, KnowTheLogLevels) {
  EXPECT_EQ(accepted({"--log.level=debug"}).log_level, base::LogLevel::kDebug);
  EXPECT_EQ(accepted({"--log.level=info"}).log_level, base::LogLevel::kInfo);
  EXPECT_EQ(accepted({"--log.level=warn"}).log_level, base::LogLevel::kWarn);
  EXPECT_EQ(accepted({"--log.level=error"}).log_level, base::LogLevel::kError);
}

TEST(Options, KnowTheLogFormats) {
  EXPECT_EQ(accepted({"--log.format=logfmt"}).log_format, base::LogFormat::kLogfmt);
  EXPECT_EQ(accepted({"--log.format=json"}).log_format, base::LogFormat::kJson);
}

TEST(Options, TakeAnotherTelemetryPath) {
  EXPECT_EQ(accepted({"--web.telemetry-path=/a/b-c_d.e~1"}).telemetry_path, "/a/b-c_d.e~1");
}

TEST(Options, RefuseATelemetryPathThatNoRequestCanName) {
  for (const char* path :
       {"", "metrics", "/a b", "/a?b", "/a#b", "/a%20b", "/..", "/a/../b", "/./a", "/µ", "/a\"b"}) {
    const std::string argument = std::string("--web.telemetry-path=") + path;
    const Exit exit = exit_of({argument.c_str()});
    EXPECT_EQ(exit.code, 2) << path;
    EXPECT_THAT(exit.text, HasSubstr("--web.telemetry-path"));
  }
}

TEST(Options, RefuseATelemetryPathOfAnotherPage) {
  for (const char* path : {"/", "/probe", "/-", "/-/ready", "/-/anything"}) {
    const std::string argument = std::string("--web.telemetry-path=") + path;
    expect_refused({argument.c_str()},
                   std::string("--web.telemetry-path: '") + path +
                       "' is taken by another page; /, /probe and /-/... are reserved");
  }
}

TEST(Options, RefuseABadListenAddress) {
  expect_refused({"--web.listen-address=localhost:10049"},
                 "--web.listen-address: 'localhost:10049' is not a listen address; allowed: :port, "
                 "127.0.0.1:port or [::1]:port");
}

TEST(Options, RefuseAListenAddressGivenTwice) {
  expect_refused({"--web.listen-address=:1", "--web.listen-address=:1"},
                 "--web.listen-address: ':1' is given twice");
}

TEST(Options, RefuseAnUnknownLogLevel) {
  expect_refused({"--log.level=loud"},
                 "--log.level: 'loud' is not known; allowed: debug, error, info, warn");
}

TEST(Options, RefuseAnUnknownLogFormat) {
  expect_refused({"--log.format=xml"}, "--log.format: 'xml' is not known; allowed: json, logfmt");
}

TEST(Options, RefuseAConfigFileWithoutAName) {
  for (auto arguments :
       {std::vector<const char*>{"--config.file="}, std::vector<const char*>{"--config.file", ""},
        std::vector<const char*>{"--config.file"}}) {
    const Exit exit = exit_of(arguments);
    EXPECT_EQ(exit.code, 2);
    EXPECT_THAT(exit.text, HasSubstr("--config.file"));
  }
}

TEST(Options, TakeAWebConfigFile) {
  EXPECT_EQ(accepted({}).web_config_file, "");
  EXPECT_EQ(accepted({"--web.config.file=/etc/web.yml"}).web_config_file, "/etc/web.yml");
}

// Nobody shall believe that passwords are needed when they are not.
TEST(Options, RefuseAWebConfigFileWithoutAName) {
  for (auto arguments : {std::vector<const char*>{"--web.config.file="},
                         std::vector<const char*>{"--web.config.file", ""},
                         std::vector<const char*>{"--web.config.file"}}) {
    const Exit exit = exit_of(arguments);
    EXPECT_EQ(exit.code, 2);
    EXPECT_THAT(exit.text, HasSubstr("--web.config.file"));
  }
}

TEST(Options, RefuseAnUnknownFlag) {
  const Exit exit = exit_of({"--config.flie=a"});
  EXPECT_EQ(exit.code, 2);
  EXPECT_THAT(exit.text, HasSubstr("--config.flie=a"));
}

TEST(Options, RefuseAnArgumentThatIsNoFlag) {
  const Exit exit = exit_of({"rtt.yml"});
  EXPECT_EQ(exit.code, 2);
  EXPECT_THAT(exit.text, HasSubstr("rtt.yml"));
}

TEST(Options, RefuseAFlagGivenTwiceThatHasOneValue) {
  EXPECT_EQ(exit_of({"--log.level=info", "--log.level=warn"}).code, 2);
}

TEST(Options, ShowTheVersionOnOneLine) {
  const Exit exit = exit_of({"--version"});
  EXPECT_EQ(exit.code, 0);
  EXPECT_EQ(exit.text, "rtt_exporter, version 1.2.3\n");
}

TEST(Options, ShowEveryFlagInTheHelp) {
  for (const char* flag : {"--help", "-h"}) {
    const Exit exit = exit_of({flag});
    EXPECT_EQ(exit.code, 0);
    for (const char* name :
         {"--config.file", "--config.check", "--web.listen-address", "--web.telemetry-path",
          "--web.config.file", "--log.level", "--log.format", "--version", "--help"}) {
      EXPECT_THAT(exit.text, HasSubstr(name));
    }
  }
}

}  // namespace
}  // namespace rtt::app
