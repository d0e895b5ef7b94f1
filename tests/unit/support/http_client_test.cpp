#include "support/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <thread>

#include "support/socket.h"

namespace rtt::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Answers one connection on loopback with these bytes.
class Server {
 public:
  explicit Server(std::string answer) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), any, length), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    ::getsockname(listener_.get(), any, &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = std::move(answer)] {
      const base::UniqueFd fd(::accept(listener_.get(), nullptr, nullptr));
      char request[4096];
      (void)!::recv(fd.get(), request, sizeof request, 0);
      (void)send_all(fd.get(), answer);
    });
  }
  ~Server() { thread_.join(); }

  [[nodiscard]] base::Result<HttpResponse> fetch() const {
    return support::fetch({.port = port_, .timeout = 5s});
  }

 private:
  base::UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string reason(const base::Result<HttpResponse>& response) {
  return response.ok() ? "none" : response.error().message;
}

TEST(HttpClient, StatusHeadersAndBodyAreRead) {
  const Server server("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nX-Name:  v\r\n\r\nhi");
  const auto response = server.fetch();
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->headers.at("x-name"), "v");
  EXPECT_EQ(response->body, "hi");
}

TEST(HttpClient, ChunksAreJoined) {
  const Server server(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n");
  const auto response = server.fetch();
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, "abc0123456789");
}

TEST(HttpClient, BodyThatEndsEarlyIsAnError) {
  EXPECT_THAT(reason(Server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi").fetch()),
              HasSubstr("2 of 9 bytes"));
}

TEST(HttpClient, AnswerThatIsNotHttpIsAnError) {
  EXPECT_THAT(reason(Server("hello").fetch()), HasSubstr("not an HTTP answer"));
}

TEST(HttpClient, SilenceIsAnErrorAtTheTimeout) {
  const auto listener = listen_tcp(0);
  ASSERT_TRUE(listener.ok());
  sockaddr_in6 address{};
  socklen_t length = sizeof address;
  ::getsockname(listener->get(), reinterpret_cast<sockaddr*>(&address), &length);
  EXPECT_THAT(reason(fetch({.port = ntohs(address.sin6_port), .timeout = 50ms})),
              HasSubstr("in time"));
}

}  // namespace
}  // namespace rtt::support
