#include "support/http_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "support/patience.h"
#include "support/setup_error.h"
#include "support/socket.h"

namespace rtt::support {
namespace {

using Clock = std::chrono::steady_clock;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Until the end of the stream, or until `complete` says so.
template <typename Complete>
base::Result<std::string> read_until(int fd, Clock::time_point deadline, Complete complete) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) {
      return base::Error{"no complete answer in time, but " + std::to_string(text.size()) +
                         " bytes"};
    }
    const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
    if (size < 0) return base::errno_error("recv");
    if (size == 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
    if (complete(text)) return text;
  }
}

std::optional<std::string> unchunk(std::string_view body) {
  std::string whole;
  for (;;) {
    const std::size_t line_end = body.find("\r\n");
    std::size_t size = 0;
    if (line_end == body.npos) return std::nullopt;
    if (std::from_chars(body.data(), body.data() + line_end, size, 16).ec != std::errc()) {
      return std::nullopt;
    }
    body.remove_prefix(line_end + 2);
    if (size == 0) return whole;
    if (body.size() < size + 2) return std::nullopt;
    whole.append(body.substr(0, size));
    body.remove_prefix(size + 2);
  }
}

base::Result<HttpResponse> parse(std::string_view text) {
  const base::Error bad{"not an HTTP answer: " + std::string(text.substr(0, 80))};
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos || !text.starts_with("HTTP/1.") || text.size() < 12) return bad;
  HttpResponse response;
  std::from_chars(text.data() + 9, text.data() + 12, response.status);
  std::string_view head = text.substr(0, head_end + 2);
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return bad;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    response.headers[lower(std::string(line.substr(0, colon)))] = value;
    head.remove_prefix(line.size() + 2);
  }
  response.body = text.substr(head_end + 4);
  if (lower(response.headers["transfer-encoding"]) == "chunked") {
    auto body = unchunk(response.body);
    if (!body) return base::Error{"the chunked answer is not complete"};
    response.body = std::move(*body);
  }
  const auto length = response.headers.find("content-length");
  if (length != response.headers.end() && length->second != std::to_string(response.body.size())) {
    return base::Error{"the body has " + std::to_string(response.body.size()) + " of " +
                       length->second + " bytes"};
  }
  return response;
}

std::string text_of(const HttpRequest& request) {
  const bool v6 = request.host.find(':') != std::string::npos;
  return request.method + " " + request.path +
         " HTTP/1.1\r\nHost: " + (v6 ? "[" + request.host + "]" : request.host) + ":" +
         std::to_string(request.port) + "\r\n" + request.headers +
         (request.method == "POST" ? "Content-Length: 0\r\n" : "") + "\r\n";
}

base::Result<HttpResponse> fetch_here(HttpRequest request) {
  const Clock::time_point deadline = Clock::now() + request.timeout * patience();
  auto fd = connect_tcp(request.host, request.port, request.timeout);
  if (!fd) return fd.error();
  request.headers = "Connection: close\r\n" + request.headers;
  if (!send_all(fd->get(), text_of(request))) return base::errno_error("send");
  auto answer = read_until(fd->get(), deadline, [](const std::string&) { return false; });
  if (!answer) return answer.error();
  return parse(*answer);
}

}  // namespace

base::Result<HttpResponse> fetch(const HttpRequest& request) {
  if (request.where == nullptr) return fetch_here(request);
  return request.where->run([&] { return fetch_here(request); });
}

HttpConnection::HttpConnection(HttpRequest request) : request_(std::move(request)) {
  const auto connect = [&] { return connect_tcp(request_.host, request_.port, request_.timeout); };
  auto fd = request_.where == nullptr ? connect() : request_.where->run(connect);
  if (!fd) throw SetupError(fd.error().message);
  fd_ = std::move(*fd);
}

base::Result<HttpResponse> HttpConnection::get(const std::string& path) {
  const Clock::time_point deadline = Clock::now() + request_.timeout * patience();
  request_.path = path;
  if (!send_all(fd_.get(), text_of(request_))) return base::errno_error("send");
  auto answer =
      read_until(fd_.get(), deadline, [](const std::string& text) { return parse(text).ok(); });
  if (!answer) return answer.error();
  return parse(*answer);
}

}  // namespace rtt::support
