#include <gtest/gtest.h>

#include <vector>

#include "probers/tcp_echo/reply_parser.h"

namespace rtt::probers::tcp_echo {
namespace {

constexpr std::size_t kSize = 24;
constexpr MessageId kFirst{0, 0x1122334455667788};
constexpr MessageId kSecond{1, 0x99aabbccddeeff00};

std::vector<std::uint8_t> bytes_of(const MessageId& id, std::size_t size = kSize) {
  std::vector<std::uint8_t> bytes(size);
  write_message(id, bytes);
  return bytes;
}

std::vector<std::uint8_t> operator+(std::vector<std::uint8_t> left,
                                    const std::vector<std::uint8_t>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

class ReplyParserTest : public ::testing::Test {
 protected:
  ReplyParserTest() {
    parser_.sent(kFirst);
    parser_.sent(kSecond);
  }
  ReplyParser parser_{kSize};
};

TEST(Message, NumberAndTokenAreBigEndianAndTheTokenFillsTheRest) {
  EXPECT_EQ(
      bytes_of({0x0102, kFirst.token}, 20),
      (std::vector<std::uint8_t>{0,    0,    0,    0,    0,    0,    1,    2,    0x11, 0x22,
                                 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x11, 0x22, 0x33, 0x44}));
}

TEST_F(ReplyParserTest, AnEchoCompletesItsMessage) {
  EXPECT_EQ(parser_.feed(bytes_of(kFirst)).completed, 1u);
}

TEST_F(ReplyParserTest, JoinedEchoesCompleteBoth) {
  EXPECT_EQ(parser_.feed(bytes_of(kFirst) + bytes_of(kSecond)).completed, 2u);
}

TEST_F(ReplyParserTest, EchoesSplitIntoSingleBytesComplete) {
  std::size_t completed = 0;
  for (const std::uint8_t byte : bytes_of(kFirst) + bytes_of(kSecond)) {
    completed += parser_.feed(std::span(&byte, 1)).completed;
  }
  EXPECT_EQ(completed, 2u);
}

TEST_F(ReplyParserTest, APartCompletesNothing) {
  const auto bytes = bytes_of(kFirst);
  const auto progress = parser_.feed(std::span(bytes).first(kSize - 1));
  EXPECT_EQ(progress.completed, 0u);
  EXPECT_TRUE(progress.echo);
}

TEST_F(ReplyParserTest, WantedIsWhatCompletesTheOldest) {
  const auto bytes = bytes_of(kFirst);
  ASSERT_TRUE(parser_.feed(std::span(bytes).first(10)).echo);
  EXPECT_EQ(parser_.wanted(), kSize - 10);
}

TEST_F(ReplyParserTest, AWrongTokenIsNoEcho) {
  EXPECT_FALSE(parser_.feed(bytes_of({kFirst.sequence, kFirst.token ^ 1})).echo);
}

TEST_F(ReplyParserTest, AWrongNumberIsNoEcho) {
  EXPECT_FALSE(parser_.feed(bytes_of({kFirst.sequence + 7, kFirst.token})).echo);
}

TEST_F(ReplyParserTest, EchoesInTheWrongOrderAreNone) {
  EXPECT_FALSE(parser_.feed(bytes_of(kSecond)).echo);
}

TEST_F(ReplyParserTest, AWrongLastByteIsNoEcho) {
  auto bytes = bytes_of(kFirst);
  bytes.back() ^= 1;
  const auto progress = parser_.feed(bytes);
  EXPECT_FALSE(progress.echo);
  EXPECT_EQ(progress.completed, 0u);
}

TEST_F(ReplyParserTest, BytesAfterTheLastEchoAreNoEcho) {
  const auto progress =
      parser_.feed(bytes_of(kFirst) + bytes_of(kSecond) + std::vector<std::uint8_t>{0});
  EXPECT_FALSE(progress.echo);
  EXPECT_EQ(progress.completed, 2u);
}

TEST(ReplyParser, BytesWithoutAMessageAreNoEcho) {
  ReplyParser parser(kSize);
  EXPECT_FALSE(parser.feed(bytes_of(kFirst)).echo);
}

}  // namespace
}  // namespace rtt::probers::tcp_echo
