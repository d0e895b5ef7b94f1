#include "passive/tcp_probe_log.h"

#include <bpf/libbpf.h>

#include <cassert>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "base/logging.h"

namespace rtt::passive {
namespace {

// libbpf's callback has no argument of ours.
thread_local std::vector<std::string>* remembered = nullptr;

std::string format(const char* pattern, va_list arguments) {
  va_list copy;
  va_copy(copy, arguments);
  const int length = std::vsnprintf(nullptr, 0, pattern, copy);
  va_end(copy);
  if (length <= 0) return {};
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), pattern, arguments);
  text.pop_back();
  return text;
}

int print(libbpf_print_level level, const char* pattern, va_list arguments) {
  // Hundreds of lines per load about relocations.
  if (level == LIBBPF_DEBUG) return 0;
  std::string_view text;
  const std::string all = format(pattern, arguments);
  for (text = all; !text.empty();) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty()) continue;
    base::log_debug("libbpf", {{"text", std::string(line)}});
    if (remembered) remembered->emplace_back(line);
  }
  return 0;
}

bool is_verifier_summary(std::string_view line) {
  return line.starts_with("processed ") && line.find(" insns ") != line.npos;
}

}  // namespace

LibbpfLog::LibbpfLog() {
  assert(remembered == nullptr);
  remembered = &lines_;
  libbpf_set_print(print);
}

LibbpfLog::~LibbpfLog() { remembered = nullptr; }

std::string LibbpfLog::decisive_line() const {
  for (std::size_t i = 1; i < lines_.size(); ++i) {
    if (is_verifier_summary(lines_[i])) return lines_[i - 1];
  }
  return lines_.empty() ? std::string() : lines_.front();
}

}  // namespace rtt::passive
