// The socket on which a service manager listens, and what came to it: sd_notify(3).
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/unique_fd.h"

namespace rtt::app {

/// Sets NOTIFY_SOCKET while it lives.
class NotifySocket {
 public:
  /// A path, or an abstract name with '@' in front.
  explicit NotifySocket(const std::string& name)
      : name_(name), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    if (name_.front() != '@') ::unlink(name_.c_str());
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] static std::string abstract_name() {
    return "@rtt-notify-" + std::to_string(::getpid());
  }
  [[nodiscard]] static std::string path() {
    return ::testing::TempDir() + "rtt-notify-" + std::to_string(::getpid());
  }

  /// The next message; empty when none comes in time.
  [[nodiscard]] std::string next(
      std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    pollfd query{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&query, 1, static_cast<int>(timeout.count())) <= 0) return "";
    std::array<char, 4096> buffer{};
    const auto size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
  }
  /// Whatever has come by now is gone; how many messages it was.
  int drain() const {
    int count = 0;
    while (!next(std::chrono::milliseconds(0)).empty()) ++count;
    return count;
  }

 private:
  const std::string name_;
  const base::UniqueFd socket_;
};

}  // namespace rtt::app
