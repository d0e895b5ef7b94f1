#include "app/notifier.h"

#include <fcntl.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "base/logging.h"
#include "base/result.h"

namespace rtt::app {
namespace {

base::UniqueFd open_reserve() { return base::UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// One assignment is one line.
std::string assignment(std::string_view name, std::string_view value) {
  std::string line = std::string(name) + "=" + std::string(value);
  std::ranges::replace(line, '\n', ' ');
  return line + "\n";
}

}  // namespace

Notifier::Notifier() {
  if (std::getenv("NOTIFY_SOCKET") != nullptr) reserve_ = open_reserve();
}

void Notifier::ready(std::string_view status) { send("READY=1\n" + assignment("STATUS", status)); }

void Notifier::reloading() {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(base::Clock::now().time_since_epoch());
  send("RELOADING=1\n" + assignment("MONOTONIC_USEC", std::to_string(now.count())));
}

void Notifier::stopping() { send("STOPPING=1\n" + assignment("STATUS", "Stopping")); }
void Notifier::status(std::string_view text) { send(assignment("STATUS", text)); }
void Notifier::alive() { send("WATCHDOG=1\n"); }

std::optional<base::nanoseconds> Notifier::watchdog_timeout() {
  std::uint64_t timeout_us = 0;
  if (sd_watchdog_enabled(0, &timeout_us) <= 0) return std::nullopt;
  return std::chrono::microseconds(timeout_us);
}

void Notifier::send(const std::string& state) {
  const std::lock_guard lock(mutex_);
  int result = sd_notify(0, state.c_str());
  if (result == -EMFILE || result == -ENFILE) {
    reserve_.reset();
    result = sd_notify(0, state.c_str());
    reserve_ = open_reserve();
  }
  if (result >= 0 || std::exchange(is_problem_logged_, true)) return;
  base::log_warn("cannot tell the service manager",
                 {{"reason", base::errno_error("sd_notify", -result).message}});
}

}  // namespace rtt::app
