#include "base/logging.h"

#include <poll.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <memory>
#include <mutex>

namespace rtt::base {
namespace {

std::atomic<LogFormat> g_format{LogFormat::kLogfmt};
std::atomic<std::uint64_t> g_dropped{0};

// spdlog's own ignores what cannot be written, and waits for a pipe that nobody reads.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    if (cut_) line.push_back('\n');
    formatter_->format(message, line);
    const std::size_t taken = write_now({line.data(), line.size()});
    cut_ = taken == 0 ? cut_ : line[taken - 1] != '\n';
    if (taken < line.size()) ++g_dropped;
  }
  void flush_() override {}

  // How much of it was taken.
  static std::size_t write_now(std::string_view text) {
    std::size_t taken = 0;
    while (taken < text.size()) {
      pollfd query{STDERR_FILENO, POLLOUT, 0};
      if (poll(&query, 1, 0) <= 0) break;
      // So much a pipe that is ready takes without waiting.
      const std::size_t most = std::min<std::size_t>(text.size() - taken, PIPE_BUF);
      const ssize_t size = ::write(STDERR_FILENO, text.data() + taken, most);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) break;
      taken += static_cast<std::size_t>(size);
    }
    return taken;
  }

  bool cut_ = false;  // the last line that was begun lacks its end
};

// The length of the UTF-8 character that `text` begins with (RFC 3629), 0 when it is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 0 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) > 0x9f;
  const bool past_the_last = first == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || past_the_last ? 0 : length;
}

// JSON (RFC 8259) and logfmt share the escapes that a quoted string needs.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const char character = text.front();
    const auto byte = static_cast<unsigned char>(character);
    if (length == 0) {
      out += "\\ufffd";
    } else if (character == '"' || character == '\\') {
      out += '\\';
      out += character;
    } else if (character == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

void append_logfmt(std::string& out, std::string_view key, std::string_view value) {
  out += ' ';
  out += key;
  out += '=';
  const bool plain =
      !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char byte) {
        return byte > 0x20 && byte < 0x7f && byte != '"' && byte != '=' && byte != '\\';
      });
  if (plain) {
    out += value;
  } else {
    append_quoted(out, value);
  }
}

void append_json(std::string& out, std::string_view key, std::string_view value) {
  out += ',';
  append_quoted(out, key);
  out += ':';
  append_quoted(out, value);
}

struct Level {
  spdlog::level::level_enum threshold;
  std::string_view name;
};

Level level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return {spdlog::level::debug, "debug"};
    case LogLevel::kInfo:
      return {spdlog::level::info, "info"};
    case LogLevel::kWarn:
      return {spdlog::level::warn, "warn"};
    case LogLevel::kError:
      break;
  }
  return {spdlog::level::err, "error"};
}

void set_time_pattern(spdlog::logger& sink, LogFormat format) {
  sink.set_pattern(format == LogFormat::kJson ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ"%v)"
                                              : "ts=%Y-%m-%dT%H:%M:%S.%eZ%v",
                   spdlog::pattern_time_type::utc);
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = std::make_shared<spdlog::logger>("rtt_exporter", std::make_shared<StderrSink>());
    set_time_pattern(*created, LogFormat::kLogfmt);
    return created;
  }();
  return *instance;
}

void write(LogLevel log_level, std::string_view message, LogFields fields) {
  const Level level = level_of(log_level);
  spdlog::logger& sink = logger();
  if (!sink.should_log(level.threshold)) return;
  const LogFormat format = g_format;
  const auto append = format == LogFormat::kJson ? append_json : append_logfmt;
  std::string line;
  append(line, "level", level.name);
  append(line, "msg", message);
  for (const LogField& field : fields) append(line, field.key, field.value);
  if (format == LogFormat::kJson) line += '}';
  sink.log(level.threshold, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void configure_logging(LogLevel level, LogFormat format) {
  g_format = format;
  spdlog::logger& sink = logger();
  sink.set_level(level_of(level).threshold);
  set_time_pattern(sink, format);
}

void log_debug(std::string_view message, LogFields fields) {
  write(LogLevel::kDebug, message, fields);
}
void log_info(std::string_view message, LogFields fields) {
  write(LogLevel::kInfo, message, fields);
}
void log_warn(std::string_view message, LogFields fields) {
  write(LogLevel::kWarn, message, fields);
}
void log_error(std::string_view message, LogFields fields) {
  write(LogLevel::kError, message, fields);
}

std::uint64_t dropped_log_lines() { return g_dropped; }

}  // namespace rtt::base
