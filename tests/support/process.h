// A child process of a test: its output in memory, its end guaranteed.
//
// Not thread-safe. Errors are thrown (setup_error.h).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace rtt::support {

class Namespace;

struct ProcessOptions {
  const Namespace* where = nullptr;           // null: where the test is
  std::optional<uid_t> user = {};             // also the group; drops every capability
  std::vector<std::string> environment = {};  // "NAME=value", on top of the test's own
};

class Process {
 public:
  /// Starts it; argv[0] is searched in PATH. A program that cannot be executed ends with 127. The
  /// child dies with the thread that called this.
  explicit Process(const std::vector<std::string>& argv, const ProcessOptions& options = {});
  /// Kills it if it runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// SIGSTOP; returns when none of its threads runs any more.
  void freeze() const;
  void thaw() const;
  /// Its exit code, or 128 + the signal that ended it; nothing if it still runs at the timeout.
  [[nodiscard]] std::optional<int> wait(std::chrono::nanoseconds timeout);
  [[nodiscard]] bool running() { return !wait(std::chrono::nanoseconds(0)); }

  /// Everything so far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;
  /// Whether the text appears in output() or errors() in time, and before it ends.
  [[nodiscard]] bool wait_for_text(std::string_view text, std::chrono::nanoseconds timeout);

 private:
  base::UniqueFd output_;
  base::UniqueFd errors_;
  base::UniqueFd pid_fd_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// Runs it to its end and returns its output; throws with its errors when it fails or takes over a
/// minute.
std::string run_command(const std::vector<std::string>& argv, const ProcessOptions& options = {});

}  // namespace rtt::support
