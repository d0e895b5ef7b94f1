// nginx inside a namespace: HTTP on port 80, HTTPS on port 443, and a line for each request.
//
// Not thread-safe. Errors are thrown (support/setup_error.h).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "support/netns.h"
#include "support/process.h"
#include "support/temporary_directory.h"

namespace rtt::integration {

class Nginx {
 public:
  /// Its certificate is for `kName`, made by the authority in ca_file(). Serves "/" and "/big".
  explicit Nginx(const support::Namespace& where);

  static constexpr const char* kName = "web.example";
  static constexpr std::size_t kBigBytes = std::size_t{32} << 20U;

  [[nodiscard]] std::string ca_file() const { return directory_.path() + "/ca.pem"; }
  /// Of an authority that made nothing here.
  [[nodiscard]] std::string other_ca_file() const { return directory_.path() + "/other.pem"; }

  struct Request {
    std::string client;      // its address
    std::string connection;  // a number of its own
    std::string path;
  };
  /// Those that are answered so far.
  [[nodiscard]] std::vector<Request> requests() const;

 private:
  void make_certificates() const;

  support::TemporaryDirectory directory_;
  std::unique_ptr<support::Process> process_;
};

}  // namespace rtt::integration
