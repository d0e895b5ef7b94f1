#include "app/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "base/result.h"

namespace rtt::app {
namespace {

// As typed, before it is checked.
struct Texts {
  std::string config_file;
  bool config_check = false;
  bool version = false;
  std::vector<std::string> listen = {":10049"};
  std::string telemetry_path = "/metrics";
  std::string web_config_file;
  std::string log_level = "info";
  std::string log_format = "logfmt";
};

const std::map<std::string, base::LogLevel> kLogLevels = {{"debug", base::LogLevel::kDebug},
                                                          {"info", base::LogLevel::kInfo},
                                                          {"warn", base::LogLevel::kWarn},
                                                          {"error", base::LogLevel::kError}};
const std::map<std::string, base::LogFormat> kLogFormats = {{"logfmt", base::LogFormat::kLogfmt},
                                                            {"json", base::LogFormat::kJson}};

void describe_flags(CLI::App& app, Texts& texts) {
  app.set_help_flag("-h,--help", "Show this help and exit.");
  app.add_flag("--version", texts.version, "Show the version and exit.");
  const auto text = [&app](const char* name, std::string& into, const char* type,
                           const char* description) {
    app.add_option(name, into, description)->type_name(type)->capture_default_str();
  };
  text("--config.file", texts.config_file, "FILE",
       "The configuration (YAML). Without it: passive sources, and a target on loopback.");
  app.add_flag("--config.check", texts.config_check,
               "Validate the configuration and exit: 0 when it is good, else 1.");
  app.add_option("--web.listen-address", texts.listen,
                 "Where to serve HTTP: :PORT, 127.0.0.1:PORT or [::1]:PORT. Repeatable.")
      ->type_name("ADDRESS")
      ->allow_extra_args(false)
      ->default_str(texts.listen.front());
  text("--web.telemetry-path", texts.telemetry_path, "PATH", "Where to serve the metrics.");
  text("--web.config.file", texts.web_config_file, "FILE",
       "TLS, passwords and headers (YAML), as other exporters take them. Without it: plain HTTP.");
  text("--log.level", texts.log_level, "LEVEL", "Least level to log: debug, info, warn or error.");
  text("--log.format", texts.log_format, "FORMAT", "How to log: logfmt or json.");
}

base::Error bad_value(std::string_view flag, std::string_view what) {
  return base::Error{std::string(flag) + ": " + std::string(what)};
}

// The path is compared as it stands, so what a client or the server would rewrite cannot be served.
bool is_servable_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._~-").find(c) != std::string_view::npos;
  };
  if (!std::ranges::all_of(path, is_plain)) return false;
  const std::string closed = std::string(path) + "/";
  return closed.find("/./") == std::string::npos && closed.find("/../") == std::string::npos;
}

base::Result<std::string> check_telemetry_path(const std::string& path) {
  constexpr std::string_view kFlag = "--web.telemetry-path";
  if (!is_servable_path(path)) {
    return bad_value(kFlag, "'" + path +
                                "' is not a path; allowed: / followed by letters, digits and any "
                                "of / . _ ~ - without . and .. as segments");
  }
  if (path == "/" || path == "/probe" || path == "/-" || path.starts_with("/-/")) {
    return bad_value(kFlag,
                     "'" + path + "' is taken by another page; /, /probe and /-/... are reserved");
  }
  return path;
}

template <typename T>
base::Result<T> look_up(const std::map<std::string, T>& allowed, const std::string& text,
                        std::string_view flag) {
  const auto found = allowed.find(text);
  if (found != allowed.end()) return found->second;
  std::string names;
  for (const auto& [name, value] : allowed) names += (names.empty() ? "" : ", ") + name;
  return bad_value(flag, "'" + text + "' is not known; allowed: " + names);
}

base::Result<Options> check(const CLI::App& app, const Texts& texts) {
  for (const auto& [flag, file] : {std::pair("--config.file", &texts.config_file),
                                   std::pair("--web.config.file", &texts.web_config_file)}) {
    if (app.count(flag) > 0 && file->empty())
      return bad_value(flag, "the name of a file is missing");
  }
  Options options;
  options.config_file = texts.config_file;
  options.web_config_file = texts.web_config_file;
  options.config_check = texts.config_check;
  for (const std::string& text : texts.listen) {
    auto address = base::ListenAddress::parse(text);
    if (!address) return bad_value("--web.listen-address", address.error().message);
    if (std::ranges::count(options.listen, *address) > 0 && address->port != 0) {
      return bad_value("--web.listen-address", "'" + text + "' is given twice");
    }
    options.listen.push_back(*address);
  }
  auto path = check_telemetry_path(texts.telemetry_path);
  if (!path) return path.error();
  options.telemetry_path = *path;
  auto level = look_up(kLogLevels, texts.log_level, "--log.level");
  if (!level) return level.error();
  options.log_level = *level;
  auto format = look_up(kLogFormats, texts.log_format, "--log.format");
  if (!format) return format.error();
  options.log_format = *format;
  return options;
}

}  // namespace

std::variant<Options, Exit> parse_options(int argc, const char* const* argv,
                                          std::string_view version) {
  CLI::App app(
      "Measures round-trip times by ICMP, TCP, UDP and HTTP into one set of Prometheus histograms.",
      "rtt_exporter");
  Texts texts;
  describe_flags(app, texts);
  const auto refuse = [&app](const std::string& reason) {
    return Exit{2, app.help() + "\nrtt_exporter: " + reason + "\n"};
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Exit{0, app.help()};
  } catch (const CLI::ParseError& error) {
    return refuse(error.what());
  }
  if (texts.version) {
    return Exit{0, "rtt_exporter, version " + std::string(version) + "\n"};
  }
  const auto options = check(app, texts);
  if (!options) return refuse(options.error().message);
  return *options;
}

}  // namespace rtt::app
