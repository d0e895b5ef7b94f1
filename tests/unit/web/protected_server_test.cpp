// The server behind passwords and TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <list>

#include "unit/web/fixture.h"
#include "unit/web/http_client.h"
#include "unit/web/settings_fixture.h"
#include "web/server.h"

namespace rtt::web {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// ann:secret, ann:wrong, eve:secret, slow:secret
constexpr const char* kRight = "Authorization: Basic YW5uOnNlY3JldA==\r\n";
constexpr const char* kWrong = "Authorization: Basic YW5uOndyb25n\r\n";
constexpr const char* kNobody = "Authorization: Basic ZXZlOnNlY3JldA==\r\n";
constexpr const char* kSlow = "Authorization: Basic c2xvdzpzZWNyZXQ=\r\n";

const std::string kAnn = std::string("ann: ") + kHash;
const std::string kAnnAndSlow = kAnn + ", slow: " + kSlowHash;

class ProtectedServer : public testing::Test {
 protected:
  base::ListenAddress start(const std::string& config) {
    directory_.write(config);
    settings_ = directory_.load(program_.exporter);
    ServerOptions options = plain_options();
    options.settings = settings_.get();
    options.limits.request_time = milliseconds(300);
    auto server = serve_on({"127.0.0.1:0"}, options, program_.backend());
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    return server_->addresses().front();
  }
  base::ListenAddress start_with_users(const std::string& users) {
    return start("basic_auth_users: {" + users + "}\n");
  }
  base::ListenAddress start_with_tls() {
    directory_.write("server.pem", testdata("server.pem"));
    directory_.write("server.key", testdata("server.key"));
    return start("tls_server_config: {cert_file: server.pem, key_file: server.key}\n");
  }

  SettingsDirectory directory_;
  Program program_;
  std::unique_ptr<SettingsFile> settings_;
  std::unique_ptr<Server> server_;
};

TEST_F(ProtectedServer, AnswersTheRightPassword) {
  HttpClient client(start_with_users(kAnn));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(client.request("GET", "/-/healthy", kRight), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(ProtectedServer, RefusesEverythingElseOnEveryPath) {
  const base::ListenAddress address = start_with_users(kAnn);
  for (const char* path : {"/", "/metrics", "/-/healthy", "/-/ready", "/nowhere"}) {
    for (const char* header : {"", kWrong, kNobody, "Authorization: Bearer x\r\n"}) {
      EXPECT_THAT(HttpClient(address).request("GET", path, header),
                  AllOf(StartsWith("HTTP/1.1 401 "),
                        HasSubstr("WWW-Authenticate: Basic realm=\"rtt_exporter\"")))
          << path << " " << header;
    }
  }
  EXPECT_THAT(HttpClient(address).request("POST", "/-/reload", kWrong),
              StartsWith("HTTP/1.1 401 "));
  EXPECT_EQ(program_.reloads, 0);
}

TEST_F(ProtectedServer, RefusesTwoClaimsInOneRequest) {
  EXPECT_THAT(HttpClient(start_with_users(kAnn))
                  .request("GET", "/", std::string(kWrong) + std::string(kRight)),
              StartsWith("HTTP/1.1 401 "));
}

TEST_F(ProtectedServer, ChecksPipelinedRequestsOneByOne) {
  HttpClient client(start_with_users(kAnn));
  const std::string request = "GET /-/healthy HTTP/1.1\r\nHost: a\r\n";
  client.send_text(request + kRight + "\r\n" + request + kWrong + "\r\n" + request + kRight +
                   "\r\n");
  EXPECT_THAT(client.receive_response(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.receive_response(), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(client.receive_response(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ProtectedServer, AnswersHeadWithoutABody) {
  HttpClient client(start_with_users(kAnn));
  EXPECT_THAT(client.request("HEAD", "/metrics"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(client.request("HEAD", "/metrics", kRight), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ProtectedServer, AnswersWhoIsRememberedWhileAPasswordIsChecked) {
  const base::ListenAddress address = start_with_users(kAnnAndSlow);
  HttpClient ann(address);
  ASSERT_THAT(ann.request("GET", "/", kRight), StartsWith("HTTP/1.1 200 "));
  std::list<HttpClient> guessers;
  for (int i = 0; i < 9; ++i) {
    guessers.emplace_back(address).send_text("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(kSlow) +
                                             "\r\n");
  }
  // One too many for one client.
  const auto refused = [&guessers]() -> HttpClient* {
    for (int i = 0; i < 1000; ++i) {
      for (HttpClient& guesser : guessers) {
        if (guesser.has_something_within(milliseconds(2))) return &guesser;
      }
    }
    return nullptr;
  }();
  ASSERT_NE(refused, nullptr);
  EXPECT_THAT(refused->receive_response(),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1\r\n")));
  EXPECT_THAT(ann.request("GET", "/", kRight), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(HttpClient(address).get("/"), StartsWith("HTTP/1.1 401 "));
}

TEST_F(ProtectedServer, SurvivesClientsThatLeaveWhileTheirPasswordIsChecked) {
  const base::ListenAddress address = start_with_users(kAnn);
  for (int i = 0; i < 20; ++i) {
    HttpClient(address).send_text("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(kWrong) + "\r\n");
  }
  HttpClient ann(address);
  for (int i = 0; i < 1000; ++i) {
    const std::string answer = ann.request("GET", "/", kRight);
    if (answer.starts_with("HTTP/1.1 200 ")) return;
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  }
  FAIL() << "the places of those who left are not free again";
}

TEST_F(ProtectedServer, StopsWhileAPasswordIsChecked) {
  HttpClient client(start_with_users(kAnnAndSlow));
  client.send_text("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(kSlow) + "\r\n");
  // The next one is behind it.
  HttpClient next(server_->addresses().front());
  next.send_text("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(kRight) + "\r\n");
  auto stopped = std::async(std::launch::async, [this] { server_.reset(); });
  EXPECT_EQ(stopped.wait_for(seconds(30)), std::future_status::ready);
}

TEST_F(ProtectedServer, FollowsTheUsersOnAnOpenConnection) {
  HttpClient client(start_with_users(kAnn));
  ASSERT_THAT(client.request("GET", "/", kRight), StartsWith("HTTP/1.1 200 "));
  directory_.write(std::string("basic_auth_users: {bob: ") + kHash + "}\n");
  ASSERT_TRUE(settings_->reload());
  EXPECT_THAT(client.request("GET", "/", kRight), StartsWith("HTTP/1.1 401 "));
}

TEST_F(ProtectedServer, SendsTheConfiguredHeadersInsteadOfItsOwn) {
  const base::ListenAddress address = start(
      "http_server_config: {headers: {Content-Security-Policy: sandbox, "
      "Strict-Transport-Security: max-age=1}}\n");
  for (const char* path : {"/", "/nowhere"}) {
    EXPECT_THAT(HttpClient(address).get(path),
                AllOf(HasSubstr("Content-Security-Policy: sandbox\r\n"),
                      HasSubstr("Strict-Transport-Security: max-age=1\r\n"),
                      Not(HasSubstr("default-src"))));
  }
  EXPECT_THAT(HttpClient(address).request("POST", "/", "Content-Length: 10000000\r\n"),
              AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("Strict-Transport-Security")));
}

TEST_F(ProtectedServer, AnswersNoPlainHttpBesideTls) {
  HttpClient client(start_with_tls());
  client.send_text("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.receive_response(), Not(HasSubstr("HTTP")));
}

TEST_F(ProtectedServer, EndsAHandshakeThatDoesNotBegin) {
  EXPECT_TRUE(HttpClient(start_with_tls()).ends());
}

TEST_F(ProtectedServer, EndsAHandshakeThatTakesTooLong) {
  HttpClient client(start_with_tls());
  client.send_text(std::string("\x16\x03\x01\x10\x00\x01\x00\x0f\xfc", 9));
  bool ended = false;
  for (int i = 0; i < 1000 && !ended; ++i) {
    ended = client.has_ended_within(milliseconds(20));
    client.send_text("x");
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace rtt::web
