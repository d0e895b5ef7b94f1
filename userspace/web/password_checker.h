// Computes password hashes, which is slow on purpose, away from the threads that serve.
//
// One thread, one hash at a time, first come first served; what waits is bounded, in all and per
// client, so that a flood of wrong passwords costs one CPU and its own client's place. Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "base/ip_address.h"
#include "web/password_users.h"

namespace rtt::web {

class PasswordChecker {
 public:
  struct Limits {
    std::size_t waiting = 64;
    std::size_t waiting_per_client = 8;
  };
  struct Job {
    std::shared_ptr<PasswordUsers> users;
    PasswordClaim claim;
    base::IpAddress client;
    /// Called once, on the checker's thread or in stop(): whether the password is right; nothing
    /// when nobody will know. Must not block.
    std::function<void(std::optional<bool>)> done;
  };

  explicit PasswordChecker(Limits limits);
  ~PasswordChecker() { stop(); }
  PasswordChecker(const PasswordChecker&) = delete;
  PasswordChecker& operator=(const PasswordChecker&) = delete;

  /// False, and `done` is not called, when too many wait already or it has stopped.
  [[nodiscard]] bool submit(Job job);
  /// Ends all jobs. Does not wait for the hash that is being computed, which may take hours.
  void stop();

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);

  const Limits limits_;
  const std::shared_ptr<State> state_;  // shared with the thread, which may end later
};

}  // namespace rtt::web
