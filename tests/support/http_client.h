// One HTTP request over one connection, as small as a test needs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "support/netns.h"

namespace rtt::support {

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct HttpRequest {
  const Namespace* where = nullptr;  // null: where the test is
  std::string method = "GET";
  std::string host = "127.0.0.1";  // an IP literal
  std::uint16_t port = 10049;
  std::string path = "/";
  std::string headers = {};  // further ones, each with its line end
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
};

/// Error: no connection, no complete answer in time, or an answer that is not HTTP.
[[nodiscard]] base::Result<HttpResponse> fetch(const HttpRequest& request);

/// Requests one after the other on one connection: an answer also from a program that can accept no
/// further one. Errors as those of fetch(). Not thread-safe.
class HttpConnection {
 public:
  /// `request`: whereto, and the timeout of each answer. Throws (setup_error.h) when nobody accepts.
  explicit HttpConnection(HttpRequest request);

  [[nodiscard]] base::Result<HttpResponse> get(const std::string& path);

 private:
  HttpRequest request_;
  base::UniqueFd fd_;
};

}  // namespace rtt::support
