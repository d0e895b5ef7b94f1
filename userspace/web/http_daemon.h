// HTTP/1.1, plain or over TLS, on one listening socket, over libmicrohttpd: a few threads, each an
// epoll loop over many connections, so that a client that sends or reads slowly holds up nobody.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "web/connection_table.h"
#include "web/http.h"
#include "web/password_checker.h"
#include "web/settings_file.h"

namespace rtt::web {

/// Called on the daemon's threads, several at a time. Must not throw.
using Handler = std::function<Response(const Request&)>;

class HttpDaemon {
 public:
  /// What the daemons of several sockets share; must outlive them.
  struct Shared {
    Handler handler;
    ConnectionTable& connections;
    PasswordChecker& passwords;
    SettingsFile* settings;  // null: plain HTTP for everybody
  };

  /// Error: why its threads cannot start.
  [[nodiscard]] static base::Result<std::unique_ptr<HttpDaemon>> create(
      base::UniqueFd listen_socket, const Shared& shared);
  /// Ends open connections; waits for requests that are being worked on, not for clients.
  /// Precondition: `passwords` has stopped, and every answer for later was given.
  ~HttpDaemon();

 private:
  struct Impl;
  explicit HttpDaemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtt::web
