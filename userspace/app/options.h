// The command line, by the conventions of Prometheus exporters.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/listen_address.h"
#include "base/logging.h"

namespace rtt::app {

struct Options {
  /// Empty: the built-in defaults.
  std::string config_file;
  /// Only validate the configuration.
  bool config_check = false;
  /// Never empty.
  std::vector<base::ListenAddress> listen;
  /// An absolute path that no other page has.
  std::string telemetry_path;
  /// Empty: plain HTTP for everybody.
  std::string web_config_file;
  base::LogLevel log_level = base::LogLevel::kInfo;
  base::LogFormat log_format = base::LogFormat::kLogfmt;
};

/// The command line asks for a text instead of a run: --help, --version, or what is wrong with it.
struct Exit {
  int code;
  std::string text;  // for stdout when the code is 0, else for stderr; ends with a newline
};

/// `version` is what --version says after the name, on one line.
[[nodiscard]] std::variant<Options, Exit> parse_options(int argc, const char* const* argv,
                                                        std::string_view version);

}  // namespace rtt::app
