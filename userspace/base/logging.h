// Structured logging to stderr, one event per line, as logfmt or JSON.
//
// Thread-safe, but configure_logging() belongs before the first thread. Before it events of level
// info and above go out as logfmt. Nothing here waits for whoever reads the log: a line that stderr
// does not take (disk full, the reader hangs or has gone) is dropped and counted.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace rtt::base {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

void configure_logging(LogLevel level, LogFormat format);

struct LogField {
  std::string_view key;  // snake_case
  std::string value;     // any bytes; escaped as the format demands, invalid UTF-8 as U+FFFD
};

using LogFields = std::initializer_list<LogField>;

/// `message` is a constant phrase; what varies goes into the fields.
void log_debug(std::string_view message, LogFields fields = {});
void log_info(std::string_view message, LogFields fields = {});
void log_warn(std::string_view message, LogFields fields = {});
void log_error(std::string_view message, LogFields fields = {});

/// Since the start; a line of which only a part was taken is one of them.
[[nodiscard]] std::uint64_t dropped_log_lines();

}  // namespace rtt::base
