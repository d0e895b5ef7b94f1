// Traffic beside a test: a thread inside a namespace that repeats one step.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "support/netns.h"

namespace rtt::support {

class Traffic {
 public:
  /// Until `step` says false, throws, or this object ends. A step must not take longer than a test
  /// can wait.
  Traffic(const Namespace& where, std::function<bool()> step);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// Steps for Traffic. Request/response on one connection, and a new connection for each exchange.
[[nodiscard]] std::function<bool()> exchanges(const std::string& host, std::uint16_t port);
[[nodiscard]] std::function<bool()> connections(const std::string& host, std::uint16_t port);

}  // namespace rtt::support
