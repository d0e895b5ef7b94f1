#include "web/http.h"

#include <gtest/gtest.h>

namespace rtt::web {
namespace {

Request with_headers(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  return {.method = "GET", .path = "/", .headers = std::move(headers)};
}

TEST(Request, FindsAHeaderWhateverItsCase) {
  const Request request = with_headers({{"Host", "a"}, {"aCCept", "text/plain"}});
  EXPECT_EQ(request.header("Accept"), "text/plain");
  EXPECT_EQ(request.header("accept"), "text/plain");
}

TEST(Request, JoinsAHeaderThatWasSentSeveralTimes) {
  const Request request = with_headers({{"Accept", "a"}, {"Host", "b"}, {"accept", "c, d"}});
  EXPECT_EQ(request.header("Accept"), "a, c, d");
}

TEST(Request, HasNothingForAHeaderThatWasNotSent) {
  EXPECT_EQ(with_headers({{"Accept-Encoding", "gzip"}}).header("Accept"), "");
  EXPECT_EQ(with_headers({}).header("Accept"), "");
}

}  // namespace
}  // namespace rtt::web
