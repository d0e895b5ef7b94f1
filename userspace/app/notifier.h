// What the service manager is told (systemd: Type=notify), over libsystemd's sd_notify(3).
//
// Does nothing where nobody listens (no NOTIFY_SOCKET). Thread-safe but for its destructor. What
// cannot be sent is logged, once.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace rtt::app {

class Notifier {
 public:
  Notifier();

  /// Sources and listeners are up, after the start and after each reload. `status` is for people.
  void ready(std::string_view status);
  /// Until the next ready().
  void reloading();
  void stopping();
  void status(std::string_view text);
  void alive();

  /// Within which alive() is expected, again and again; nothing: it is not.
  [[nodiscard]] static std::optional<base::nanoseconds> watchdog_timeout();

 private:
  void send(const std::string& state);

  std::mutex mutex_;
  // Given up for a moment to send when no descriptor is left: a program that is only short of them
  // must not look dead.
  base::UniqueFd reserve_;
  bool is_problem_logged_ = false;
};

}  // namespace rtt::app
