// A request and its answer, as far as this program needs them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtt::web {

struct Request {
  std::string_view method;
  std::string_view path;  // decoded, without the query
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};  // as sent
  std::vector<std::pair<std::string, std::string>> query = {};              // as sent, decoded

  /// By name, whatever its case; one that was sent several times is joined by ", ". Empty when it
  /// was not sent.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A body that is made while it is sent.
struct BodyStream {
  /// Copies what comes next, at most `size` bytes, and returns how many; 0: that was all. Called by one thread
  /// at a time.
  std::function<std::size_t(char* to, std::size_t size)> read;
  std::size_t memory = 0;  // bytes that it takes
};

struct Response {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond the content's own
  BodyStream stream = {};                                    // if it can be read, instead of `body`

  /// If it can be called, it is, once, instead of all of the above: begins the work and returns. The
  /// answer is what is given to `done`, exactly once, on any thread, maybe at once; it must not be
  /// one for later again. `is_abandoned`, until then: whether the client has gone.
  using Done = std::function<void(Response)>;
  std::function<void(std::function<bool()> is_abandoned, Done done)> later = {};
};

inline constexpr const char* kPlainText = "text/plain; charset=utf-8";

}  // namespace rtt::web
