// rtt_exporter as its user sees it: a process with a configuration file and a port.
//
// Not thread-safe. Errors are thrown (setup_error.h); what breaks a rule of every scrape fails the
// test. When a test has failed, the daemon's log is printed at the end of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/http_client.h"
#include "support/metrics_text.h"
#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::support {

class Daemon {
 public:
  struct Options {
    std::string config = {};                  // YAML; empty: no --config.file
    std::vector<std::string> arguments = {};  // further ones
    std::optional<uid_t> user = {};
    std::vector<std::string> launcher = {};  // a command that executes what follows it
    std::string resolv_conf = {};            // of this content; empty: the machine's
    /// A shell runs it and then becomes the program, in a mount namespace of their own.
    std::string before = {};
    std::uint16_t port = 10049;  // of the web server
    bool wait_ready = true;      // false: returns when the process runs
  };

  /// Inside the namespace, which must outlive it.
  Daemon(const Namespace& where, Options options);
  /// With this configuration.
  Daemon(const Namespace& where, std::string config)
      : Daemon(where, Options{.config = std::move(config)}) {}
  ~Daemon();

  [[nodiscard]] base::Result<HttpResponse> get(const std::string& path) const;
  [[nodiscard]] base::Result<HttpResponse> post(const std::string& path) const;
  /// A scrape; every rule of scrape_rules.h is checked.
  [[nodiscard]] Scrape scrape() const;
  /// The same over this connection.
  [[nodiscard]] static Scrape scrape(HttpConnection& connection);
  /// Scrapes until the condition holds; the last scrape. Fails the test at the timeout.
  Scrape scrape_until(const std::function<bool(const Scrape&)>& condition,
                      std::chrono::nanoseconds timeout = std::chrono::seconds(30)) const;

  /// Replaces the configuration file; a reload is the test's.
  void write_config(const std::string& config) const;
  /// POST /-/reload.
  [[nodiscard]] HttpResponse reload() const;
  /// SIGTERM; the exit code, or nothing if it runs on.
  [[nodiscard]] std::optional<int> stop(std::chrono::nanoseconds timeout);

  [[nodiscard]] Process& process() { return *process_; }

 private:
  const Namespace& where_;
  const std::uint16_t port_;
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
};

/// Starts the program with nothing but these arguments and waits for its end.
struct Finished {
  std::optional<int> code;  // nothing: it ran on for 10 s
  std::string output;
  std::string errors;
};
[[nodiscard]] Finished run_daemon(const Namespace& where,
                                  const std::vector<std::string>& arguments);

}  // namespace rtt::support
