// A request and its answer, as far as this program needs them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtt::web {

struct Request {
  std::string_view method;
  std::string_view path;  // decoded, without the query
};

struct Response {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond the content's own
};

inline constexpr const char* kPlainText = "text/plain; charset=utf-8";

}  // namespace rtt::web
