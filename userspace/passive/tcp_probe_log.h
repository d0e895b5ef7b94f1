// libbpf's log: every line goes to base::log_debug, and the last load's lines can be asked why it
// failed.
#pragma once

#include <string>
#include <vector>

namespace rtt::passive {

/// While it lives, remembers what libbpf says on this thread. One at a time per thread.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  /// The line that says why a load failed: the verifier's last word, or else libbpf's first
  /// warning. Empty when nothing was said.
  [[nodiscard]] std::string decisive_line() const;

 private:
  std::vector<std::string> lines_;
};

}  // namespace rtt::passive
