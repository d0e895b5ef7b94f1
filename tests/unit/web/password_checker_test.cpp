#include "web/password_checker.h"

#include <gtest/gtest.h>

#include <future>

namespace rtt::web {
namespace {

constexpr const char* kHash = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
// Takes hours.
constexpr const char* kSlowHash = "$2y$31$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const base::IpAddress kClient = *base::IpAddress::parse("192.0.2.1");

std::shared_ptr<PasswordUsers> users(const char* hash) {
  return std::make_shared<PasswordUsers>(
      std::vector<std::pair<std::string, std::string>>{{"ann", hash}});
}

struct Outcome {
  std::promise<std::optional<bool>> promise;
  std::future<std::optional<bool>> future = promise.get_future();

  PasswordChecker::Job job(const char* hash, std::string password,
                           const base::IpAddress& client = kClient) {
    return {.users = users(hash),
            .claim = {"ann", std::move(password)},
            .client = client,
            .done = [this](std::optional<bool> right) { promise.set_value(right); }};
  }
};

TEST(PasswordChecker, SaysWhetherAPasswordIsRight) {
  Outcome right, wrong;
  PasswordChecker checker({});
  ASSERT_TRUE(checker.submit(right.job(kHash, "secret")));
  ASSERT_TRUE(checker.submit(wrong.job(kHash, "guess")));
  EXPECT_EQ(right.future.get(), true);
  EXPECT_EQ(wrong.future.get(), false);
}

TEST(PasswordChecker, LetsSoManyWait) {
  Outcome a, b, c;
  PasswordChecker checker({.waiting = 2, .waiting_per_client = 2});
  ASSERT_TRUE(checker.submit(a.job(kSlowHash, "secret")));
  ASSERT_TRUE(checker.submit(b.job(kHash, "secret")));
  EXPECT_FALSE(checker.submit(c.job(kHash, "secret", *base::IpAddress::parse("192.0.2.2"))));
}

TEST(PasswordChecker, LeavesRoomForOtherClients) {
  Outcome a, b, c;
  PasswordChecker checker({.waiting = 9, .waiting_per_client = 1});
  ASSERT_TRUE(checker.submit(a.job(kSlowHash, "secret")));
  EXPECT_FALSE(checker.submit(b.job(kHash, "secret")));
  EXPECT_TRUE(checker.submit(c.job(kHash, "secret", *base::IpAddress::parse("192.0.2.2"))));
}

TEST(PasswordChecker, StopsAtOnce) {
  Outcome a, b, c;
  PasswordChecker checker({});
  ASSERT_TRUE(checker.submit(a.job(kSlowHash, "secret")));
  ASSERT_TRUE(checker.submit(b.job(kHash, "secret")));
  checker.stop();
  EXPECT_EQ(a.future.get(), std::nullopt);
  EXPECT_EQ(b.future.get(), std::nullopt);
  EXPECT_FALSE(checker.submit(c.job(kHash, "secret")));
}

}  // namespace
}  // namespace rtt::web
