// The server's side of HTTP, played by hand.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "probers/http/options.h"
#include "unit/probers/tcp_peer.h"

namespace rtt::support {

/// The request up to its empty line; what came until then when there is none.
[[nodiscard]] inline std::string read_request(const TcpPeer& client) {
  std::string request;
  while (!request.ends_with("\r\n\r\n")) {
    const auto more = client.read_some(1);
    if (!more || more->empty()) break;
    request += *more;
  }
  return request;
}

[[nodiscard]] inline std::string response(std::string_view status, std::string_view body = "ok",
                                          std::string_view headers = "") {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

/// Whether the client ends the connection, whichever way.
[[nodiscard]] inline bool is_ended(const TcpPeer& client) {
  const auto more = client.read_some();
  return !more || more->empty();
}

/// What the loader makes of a probe without keys, to this port.
[[nodiscard]] inline probers::http::Options plain_options(std::uint16_t port) {
  probers::http::Options options;
  options.port = port;
  options.path = "/";
  for (std::size_t code = 200; code < 400; ++code) options.valid_status.set(code);
  options.max_bytes = std::size_t{1} << 20U;
  return options;
}

}  // namespace rtt::support
