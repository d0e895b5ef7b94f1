#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace rtt::base {
namespace {

TEST(Result, HoldsAValue) {
  const Result<int> result = 7;
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result);
  EXPECT_EQ(*result, 7);
  EXPECT_EQ(result.value(), 7);
}

TEST(Result, HoldsAnError) {
  const Result<int> result = Error{"no such thing"};
  ASSERT_FALSE(result.ok());
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().message, "no such thing");
}

TEST(Result, TellsAValueFromAnErrorOfTheSameText) {
  const Result<std::string> value = std::string("text");
  const Result<std::string> error = Error{"text"};
  EXPECT_TRUE(value.ok());
  EXPECT_FALSE(error.ok());
}

TEST(Result, GivesItsValueAway) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

TEST(Result, LetsItsValueBeChanged) {
  Result<std::string> result = std::string("a");
  result->append("b");
  EXPECT_EQ(*result, "ab");
}

TEST(ResultOfVoid, IsOkByDefault) { EXPECT_TRUE(Result<void>().ok()); }

TEST(ResultOfVoid, HoldsAnError) {
  const Result<void> result = Error{"no"};
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "no");
}

TEST(ErrnoError, NamesContextAndCause) {
  EXPECT_EQ(errno_error("open /x", ENOENT).message, "open /x: No such file or directory");
}

TEST(ErrnoError, UsesTheCurrentErrno) {
  errno = EACCES;
  EXPECT_EQ(errno_error("bind").message, "bind: Permission denied");
}

TEST(ErrnoError, NamesANumberThatHasNoText) {
  EXPECT_EQ(errno_error("x", 99999).message, "x: Unknown error 99999");
}

}  // namespace
}  // namespace rtt::base
