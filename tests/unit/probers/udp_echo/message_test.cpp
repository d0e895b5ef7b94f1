#include "probers/udp_echo/message.h"

#include <gtest/gtest.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

#include <vector>

namespace rtt::probers::udp_echo {
namespace {

using metrics::FailureReason;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint16_t kSequence = 0x1234;
constexpr std::uint64_t kToken = 0x0102030405060708;

Bytes message(std::size_t payload_bytes) {
  const RequestHead head = request_head(kSequence, kToken);
  Bytes bytes(head.begin(), head.end());
  const Bytes filler = make_filler(payload_bytes - head.size());
  bytes.insert(bytes.end(), filler.begin(), filler.end());
  return bytes;
}

Bytes changed(Bytes bytes, std::size_t at) {
  bytes[at] ^= 1;
  return bytes;
}

TEST(UdpMessage, BeginsWithSequenceAndTokenInNetworkOrder) {
  EXPECT_EQ(request_head(kSequence, kToken),
            (RequestHead{0, 0, 0, 0, 0, 0, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(UdpReply, OfEveryLengthIsTakenForWhatWasSent) {
  for (const std::size_t bytes : {kLeastPayloadBytes, std::size_t{17}, kMostPayloadBytes}) {
    const auto echo = parse_reply(message(bytes));
    ASSERT_TRUE(echo) << bytes;
    EXPECT_EQ(echo->sequence, kSequence);
    EXPECT_EQ(echo->token, kToken);
    EXPECT_EQ(echo->payload_bytes, bytes);
  }
}

TEST(UdpReply, ThatIsTooShortIsNone) {
  const Bytes whole = message(32);
  for (std::size_t bytes = 0; bytes < kLeastPayloadBytes; ++bytes) {
    EXPECT_FALSE(parse_reply(ByteSpan(whole).first(bytes))) << bytes;
  }
}

TEST(UdpReply, WithAnotherContentIsNone) {
  for (std::size_t at = kLeastPayloadBytes; at < 32; ++at) {
    EXPECT_FALSE(parse_reply(changed(message(32), at))) << at;
  }
}

TEST(UdpReply, LongerThanAnyRequestIsNone) {
  EXPECT_FALSE(parse_reply(message(kMostPayloadBytes + 1)));
}

TEST(UdpReply, WithASequenceNumberThatNobodySendsIsNone) {
  for (std::size_t at = 0; at < 6; ++at) EXPECT_FALSE(parse_reply(changed(message(32), at))) << at;
}

TEST(UdpReply, WithoutATokenIsNone) {
  Bytes bytes = message(32);
  std::fill(bytes.begin() + 8, bytes.begin() + 16, std::uint8_t{0});
  EXPECT_FALSE(parse_reply(bytes));
}

TEST(UdpQuote, ThatHoldsTheTokenIsEnough) {
  const Bytes whole = message(32);
  for (const std::size_t bytes : {16U, 20U, 32U}) {
    const auto quoted = parse_quote(ByteSpan(whole).first(bytes));
    ASSERT_TRUE(quoted) << bytes;
    EXPECT_EQ(quoted->token, kToken);
  }
}

TEST(UdpQuote, ThatEndsBeforeIsNone) {
  const Bytes whole = message(32);
  for (const std::size_t bytes : {0U, 8U, 15U}) {
    EXPECT_FALSE(parse_quote(ByteSpan(whole).first(bytes))) << bytes;
  }
}

FailureReason reason(int family, std::uint8_t type, std::uint8_t code, bool from_peer = false) {
  return meaning_of(family, type, code, from_peer).reason;
}

TEST(UdpError, OfAPortThatNobodyServesIsARefusalByThePeer) {
  EXPECT_EQ(reason(AF_INET, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, true), FailureReason::kRefused);
  EXPECT_EQ(reason(AF_INET6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, true),
            FailureReason::kRefused);
  EXPECT_TRUE(meaning_of(AF_INET, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, true).refused);
}

TEST(UdpError, OfAPortByAnotherNodeIsUnreachable) {
  EXPECT_EQ(reason(AF_INET, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH), FailureReason::kUnreachable);
  EXPECT_FALSE(meaning_of(AF_INET, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, false).refused);
}

TEST(UdpError, OfAHostIsUnreachable) {
  EXPECT_EQ(reason(AF_INET, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, true),
            FailureReason::kUnreachable);
  EXPECT_EQ(reason(AF_INET6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR),
            FailureReason::kUnreachable);
}

TEST(UdpError, OfTheHopLimitIsTtlExceeded) {
  EXPECT_EQ(reason(AF_INET, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL), FailureReason::kTtlExceeded);
  EXPECT_EQ(reason(AF_INET6, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT),
            FailureReason::kTtlExceeded);
}

TEST(UdpError, OfTheLengthIsTooBig) {
  EXPECT_EQ(reason(AF_INET, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED), FailureReason::kTooBig);
  EXPECT_EQ(reason(AF_INET6, ICMP6_PACKET_TOO_BIG, 0), FailureReason::kTooBig);
}

}  // namespace
}  // namespace rtt::probers::udp_echo
