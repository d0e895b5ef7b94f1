// A client that sends exactly what a test says, and may hang as it likes.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cctype>
#include <chrono>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/listen_address.h"
#include "base/unique_fd.h"

namespace rtt::web {

class HttpClient {
 public:
  /// `receive_buffer`: bytes, 0 leaves it to the kernel.
  explicit HttpClient(const base::ListenAddress& address, int receive_buffer = 0,
                      base::IpAddress any = *base::IpAddress::parse("127.0.0.1")) {
    const base::SocketAddress name(address.address.value_or(any), address.port);
    fd_ = base::UniqueFd(socket(name.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    connected_ = connect(fd_.get(), name.get(), name.length) == 0;
  }

  [[nodiscard]] bool connected() const { return connected_; }

  void send_text(std::string_view text) {
    (void)!send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  /// One response with its body, chunks as they came ("" when the connection ends first, or nothing comes for 30 s).
  std::string receive_response(bool has_body = true) {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive_more()) return "";
    }
    std::size_t size = end + 4;
    if (has_body && buffer_.find("Transfer-Encoding: chunked\r\n") < end) {
      constexpr std::string_view kLastChunk = "\r\n0\r\n\r\n";
      while ((end = buffer_.find(kLastChunk, size - 2)) == std::string::npos) {
        if (!receive_more()) return "";
      }
      size = end + kLastChunk.size();
    } else if (has_body) {
      size += content_length(buffer_.substr(0, end));
    }
    while (buffer_.size() < size) {
      if (!receive_more()) return "";
    }
    std::string response = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return response;
  }

  std::string request(std::string_view method, std::string_view path,
                      std::string_view headers = "") {
    send_text(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" +
              std::string(headers) + "\r\n");
    return receive_response(method != "HEAD");
  }

  std::string get(std::string_view path) { return request("GET", path); }

  [[nodiscard]] bool has_something_within(std::chrono::milliseconds time) {
    pollfd ready{fd_.get(), POLLIN, 0};
    return poll(&ready, 1, static_cast<int>(time.count())) == 1;
  }
  /// Reads what comes.
  [[nodiscard]] bool has_ended_within(std::chrono::milliseconds time) {
    while (!ended_ && has_something_within(time)) receive_more();
    return ended_;
  }

  /// Whether the server ends the connection before 30 s have passed.
  bool ends() {
    while (receive_more()) {
    }
    return ended_;
  }

 private:
  static std::size_t content_length(std::string head) {
    for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::size_t at = head.find("content-length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }

  bool receive_more() {
    pollfd ready{fd_.get(), POLLIN, 0};
    if (poll(&ready, 1, 30'000) != 1) return false;
    char piece[65536];
    const ssize_t size = recv(fd_.get(), piece, sizeof piece, 0);
    ended_ = size <= 0;
    if (size > 0) buffer_.append(piece, static_cast<std::size_t>(size));
    return size > 0;
  }

  base::UniqueFd fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

}  // namespace rtt::web
