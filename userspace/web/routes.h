// What each path answers.
#pragma once

#include <string>

#include "web/http.h"
#include "web/server.h"

namespace rtt::web {

/// Thread-safe.
class Routes {
 public:
  Routes(const ServerOptions& options, Backend backend);

  [[nodiscard]] Response answer(const Request& request) const;

 private:
  struct Route;
  static const Route kFixed[];

  [[nodiscard]] Response page(const Request& request) const;
  [[nodiscard]] Response metrics(const Request& request) const;
  [[nodiscard]] Response probe(const Request& request) const;
  [[nodiscard]] bool has_probing() const {
    return backend_.probing != nullptr && backend_.probing->is_enabled();
  }
  [[nodiscard]] Response no_such_page() const;
  [[nodiscard]] Response healthy(const Request& request) const;
  [[nodiscard]] Response ready(const Request& request) const;
  [[nodiscard]] Response reload(const Request& request) const;

  const std::string telemetry_path_;
  const std::string version_;
  const Backend backend_;
};

}  // namespace rtt::web
