#include "web/password_users.h"

#include <gtest/gtest.h>

namespace rtt::web {
namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

// All of cost 4, "secret" for ann and bob.
constexpr const char* kHash = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr const char* kSame = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
// The last two bits of the salt's last letter mean nothing.
constexpr const char* kSloppySalt = "$2a$04$abcdefghijklmnopqrstuv2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

TEST(Authorization, IsReadAsBasicCredentials) {
  const auto claim = parse_authorization("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->user, "Aladdin");
  EXPECT_EQ(claim->password, "open sesame");
}

TEST(Authorization, HasASchemeInAnyCase) {
  EXPECT_TRUE(parse_authorization("bASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
}

TEST(Authorization, MayHaveAColonInThePassword) {
  const auto claim = parse_authorization("Basic YTpiOmM=");
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->user, "a");
  EXPECT_EQ(claim->password, "b:c");
}

TEST(Authorization, IsNothingElse) {
  for (const char* value : {"", "Basic", "Basic ", "Bearer YTpi", "Basic !!!",
                            "Basic YWI=", "Basic YTpi, Basic YTpi"}) {
    EXPECT_FALSE(parse_authorization(value)) << value;
  }
}

TEST(PasswordUsers, KnowTheRightPassword) {
  for (const char* hash : {kHash, kSame, kSloppySalt}) {
    PasswordUsers users(Names{{"ann", hash}});
    EXPECT_TRUE(users.check({"ann", "secret"})) << hash;
    EXPECT_FALSE(users.check({"ann", "secreT"})) << hash;
    EXPECT_FALSE(users.check({"ann", ""})) << hash;
  }
}

TEST(PasswordUsers, KnowNobodyElse) {
  PasswordUsers users(Names{{"ann", kHash}, {"bob", kSame}});
  for (const char* name : {"", "an", "anne", "Ann", "carl"}) {
    EXPECT_FALSE(users.check({name, "secret"})) << name;
  }
}

TEST(PasswordUsers, DoNotEndAPasswordAtANullByte) {
  PasswordUsers users(Names{{"ann", kHash}});
  EXPECT_FALSE(users.check({"ann", std::string("secret\0more", 11)}));
}

TEST(PasswordUsers, RememberWhatWasRight) {
  PasswordUsers users(Names{{"ann", kHash}, {"bob", kHash}});
  EXPECT_FALSE(users.remembers({"ann", "secret"}));
  EXPECT_TRUE(users.check({"ann", "secret"}));
  EXPECT_TRUE(users.remembers({"ann", "secret"}));
  EXPECT_FALSE(users.remembers({"bob", "secret"}));
  EXPECT_FALSE(users.remembers({"ann", "Secret"}));
}

TEST(PasswordUsers, DoNotRememberWhatWasWrong) {
  PasswordUsers users(Names{{"ann", kHash}});
  EXPECT_FALSE(users.check({"ann", "wrong"}));
  EXPECT_FALSE(users.check({"carl", "secret"}));
  EXPECT_FALSE(users.remembers({"ann", "wrong"}));
  EXPECT_FALSE(users.remembers({"carl", "secret"}));
}

TEST(PasswordUsers, RememberSoManyOnly) {
  Names names;
  for (std::size_t i = 0; i <= PasswordUsers::kMaxRemembered; ++i) {
    names.emplace_back("user" + std::to_string(i), kHash);
  }
  PasswordUsers users(names);
  for (const auto& [name, hash] : names) EXPECT_TRUE(users.check({name, "secret"}));
  EXPECT_FALSE(users.remembers({names.front().first, "secret"}));
  EXPECT_TRUE(users.remembers({names.back().first, "secret"}));
}

}  // namespace
}  // namespace rtt::web
