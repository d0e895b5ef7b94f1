#include "config/map_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"
#include "unit/config/fake_methods.h"

namespace rtt::config {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

// What a method sees of its own keys, and the problems that come of it.
struct Read {
  std::shared_ptr<const FakeOptions> options;
  Problems problems;
};

Read read(const std::string& method, const std::string& keys) {
  Read read;
  std::vector<MethodSchema> methods = fake_methods();
  for (MethodSchema& schema : methods) {
    schema.read_options = [&read, original = schema.read_options](MapReader& reader) {
      auto options = original(reader);
      read.options = std::dynamic_pointer_cast<const FakeOptions>(options);
      return options;
    };
  }
  auto result = load("probes: {p: {method: " + method + keys + "}}", "t", methods);
  if (auto* problems = std::get_if<Problems>(&result)) read.problems = *problems;
  return read;
}

TEST(MapReader, AMissingKeyHasItsDefault) {
  EXPECT_EQ(read("fake", "").options->number, 1);
  EXPECT_EQ(read("fake", "").options->text, "default");
  EXPECT_FALSE(read("fake", "").options->flag);
  EXPECT_EQ(read("fake", "").options->delay, milliseconds(1000));
}

TEST(MapReader, ReadsAnInteger) { EXPECT_EQ(read("fake", ", size: 7").options->number, 7); }

TEST(MapReader, ReadsTheBoundsOfARange) {
  EXPECT_EQ(read("fake", ", size: 0").options->number, 0);
  EXPECT_EQ(read("fake", ", size: 10").options->number, 10);
}

TEST(MapReader, ABadIntegerGivesTheDefaultAndAProblem) {
  const Read bad = read("fake", ", size: 11");
  EXPECT_EQ(bad.options->number, 1);
  EXPECT_THAT(bad.problems,
              ElementsAre("t:1:34: 'size' is '11'; allowed: a whole number from 0 to 10"));
}

TEST(MapReader, ABadRequiredIntegerGivesTheSmallestAllowed) {
  EXPECT_EQ(read("fake_required", ", port: x").options->number, 1);
}

TEST(MapReader, AnIntegerThatFitsNoTypeIsAProblem) {
  EXPECT_THAT(
      read("fake", ", size: 99999999999999999999").problems,
      ElementsAre("t:1:34: 'size' is '99999999999999999999'; allowed: a whole number from 0 "
                  "to 10"));
}

TEST(MapReader, ReadsTrue) { EXPECT_TRUE(read("fake", ", flag: true").options->flag); }

TEST(MapReader, ABadBooleanGivesTheDefaultAndAProblem) {
  const Read bad = read("fake", ", flag: on");
  EXPECT_FALSE(bad.options->flag);
  EXPECT_THAT(bad.problems, ElementsAre("t:1:34: 'flag' is 'on'; allowed: true or false"));
}

TEST(MapReader, ReadsADuration) {
  EXPECT_EQ(read("fake", ", delay: 1s500ms").options->delay, milliseconds(1500));
}

TEST(MapReader, ADurationMayBeQuoted) {
  EXPECT_EQ(read("fake", ", delay: \"2ms\"").options->delay, milliseconds(2));
}

TEST(MapReader, ABadDurationGivesTheDefault) {
  EXPECT_EQ(read("fake", ", delay: 11s").options->delay, milliseconds(1000));
}

TEST(MapReader, AStringMayLookLikeANumber) {
  EXPECT_EQ(read("fake", ", text: 007").options->text, "007");
}

TEST(MapReader, AStringMayBeEmptyInQuotes) {
  EXPECT_EQ(read("fake", ", text: \"\"").options->text, "");
}

TEST(MapReader, AStringThatIsNullIsAProblemAtItsKey) {
  EXPECT_THAT(read("fake", ", text: ").problems,
              ElementsAre("t:1:28: 'text' has no value; allowed: a string on one line"));
}

TEST(MapReader, AStringWithAControlCharacterIsAProblem) {
  EXPECT_THAT(read("fake", R"(, text: "a\0b")").problems,
              ElementsAre("t:1:34: 'text' is 'a\\x00b' (a string); allowed: a string on one line"));
}

TEST(MapReader, AMissingRequiredKeyIsAProblemAtTheMapping) {
  EXPECT_THAT(
      read("fake_required", "").problems,
      ElementsAre("t:1:13: key 'port' is missing; allowed: a whole number from 1 to 65535"));
}

TEST(MapReader, AKeyAskedForWithHasIsAllowed) {
  EXPECT_THAT(
      read("fake_required", ", port: 1, x: 1").problems,
      ElementsAre(
          "t:1:46: unknown key 'x'; allowed: method, interval, timeout, ip_family, port, name"));
}

TEST(MapReader, AMisspeltKeyNamesTheNearest) {
  EXPECT_THAT(read("fake", ", dealy: 1s").problems,
              ElementsAre("t:1:28: unknown key 'dealy' (did you mean 'delay'?); allowed: method, "
                          "interval, timeout, ip_family, size, text, flag, delay"));
}

}  // namespace
}  // namespace rtt::config
