#include "probers/icmp/packet.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace rtt::probers::icmp {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr Request kRequest{.identifier = 0x1234, .sequence = 0xabcd, .token = 0x1122334455667788};

void append(Bytes& to, ByteSpan bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void put_checksum(Bytes& message) {
  message[2] = message[3] = 0;
  const auto checksum = static_cast<std::uint16_t>(~internet_sum(message));
  message[2] = static_cast<std::uint8_t>(checksum >> 8);
  message[3] = static_cast<std::uint8_t>(checksum);
}

Bytes request(int family, std::size_t payload_bytes = 56) {
  const Bytes filler = make_filler(payload_bytes - kTokenBytes);
  const RequestHead head = request_head(family, kRequest, internet_sum(filler));
  Bytes message(head.begin(), head.end());
  append(message, filler);
  return message;
}

Bytes reply(int family, std::size_t payload_bytes = 56) {
  Bytes message = request(family, payload_bytes);
  message[0] = family == AF_INET ? 0 : 129;
  if (family == AF_INET) put_checksum(message);
  return message;
}

Bytes in_ipv4(const Bytes& message, std::size_t option_bytes = 0, std::uint8_t protocol = 1) {
  Bytes packet(20 + option_bytes);
  packet[0] = static_cast<std::uint8_t>(0x40 | (5 + option_bytes / 4));
  packet[9] = protocol;
  const std::uint8_t destination[] = {10, 0, 0, 5};
  std::memcpy(&packet[16], destination, sizeof destination);
  append(packet, message);
  return packet;
}

Bytes in_ipv6(const Bytes& message, std::uint8_t next_header = 58) {
  Bytes packet(40);
  packet[0] = 0x60;
  packet[6] = next_header;
  const auto destination = base::IpAddress::parse("2001:db8::5")->to_in6_addr();
  std::memcpy(&packet[24], &destination, sizeof destination);
  append(packet, message);
  return packet;
}

Bytes error(std::uint8_t type, const Bytes& quote) {
  Bytes message(kHeaderBytes);
  message[0] = type;
  append(message, quote);
  put_checksum(message);
  return message;
}

Bytes cut(Bytes bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

Parsed parse_v4_error(std::uint8_t type, const Bytes& quote) {
  return parse_ipv4_packet(in_ipv4(error(type, quote)));
}

TEST(InternetSum, IsThatOfTheExampleInRfc1071) {
  const Bytes example{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_sum(example), 0xddf2);
}

TEST(InternetSum, PadsAnOddLengthWithZero) {
  EXPECT_EQ(internet_sum(Bytes{0x12, 0x34, 0x56}), 0x1234 + 0x5600);
}

TEST(InternetSum, DoesNotOverflowOnTheLongestPacket) {
  EXPECT_EQ(internet_sum(Bytes(65534, 0xff)), 0xffff);
}

TEST(Filler, OfAShorterPayloadIsAPrefix) { EXPECT_EQ(cut(make_filler(1000), 48), make_filler(48)); }

TEST(RequestHead, MakesAnIpv4RequestWhoseChecksumIsRight) {
  for (const std::size_t payload_bytes : {8U, 56U, 57U, 1472U, 65507U}) {
    const Bytes message = request(AF_INET, payload_bytes);
    EXPECT_EQ(message[0], 8);
    EXPECT_EQ(internet_sum(message), 0xffff) << payload_bytes;
  }
}

TEST(RequestHead, LeavesTheChecksumOfIpv6ToTheKernel) {
  const RequestHead head = request_head(AF_INET6, kRequest, 0);
  EXPECT_EQ(head[0], 128);
  EXPECT_EQ(head[2], 0);
  EXPECT_EQ(head[3], 0);
}

void expect_our_reply(const Parsed& parsed, std::size_t payload_bytes) {
  const auto* reply = std::get_if<Reply>(&parsed);
  ASSERT_NE(reply, nullptr);
  EXPECT_EQ(reply->identifier, kRequest.identifier);
  EXPECT_EQ(reply->sequence, kRequest.sequence);
  EXPECT_EQ(reply->token, kRequest.token);
  EXPECT_EQ(reply->payload_bytes, payload_bytes);
}

TEST(ParseIpv4, ReadsAReply) { expect_our_reply(parse_ipv4_packet(in_ipv4(reply(AF_INET))), 56); }

TEST(ParseIpv4, ReadsAReplyBehindIpOptions) {
  expect_our_reply(parse_ipv4_packet(in_ipv4(reply(AF_INET), 40)), 56);
}

TEST(ParseIpv4, ReadsTheShortestReply) {
  expect_our_reply(parse_ipv4_packet(in_ipv4(reply(AF_INET, 8))), 8);
}

TEST(ParseIpv6, ReadsAReply) { expect_our_reply(parse_icmpv6_message(reply(AF_INET6)), 56); }

TEST(ParseReply, ReadsWhatPingSocketsReceive) {
  expect_our_reply(parse_reply(AF_INET, reply(AF_INET)), 56);
  expect_our_reply(parse_reply(AF_INET6, reply(AF_INET6)), 56);
}

TEST(ParseIpv4, RefusesAWrongChecksum) {
  Bytes packet = in_ipv4(reply(AF_INET));
  packet.back() ^= 1;
  EXPECT_TRUE(std::holds_alternative<Malformed>(parse_ipv4_packet(packet)));
}

TEST(ParseIpv4, RefusesAReplyThatEndsBeforeTheToken) {
  Bytes message = cut(reply(AF_INET), 15);
  put_checksum(message);
  EXPECT_TRUE(std::holds_alternative<Malformed>(parse_ipv4_packet(in_ipv4(message))));
}

TEST(ParseIpv4, RefusesAReplyWithACode) {
  Bytes message = reply(AF_INET);
  message[1] = 1;
  put_checksum(message);
  EXPECT_TRUE(std::holds_alternative<Malformed>(parse_ipv4_packet(in_ipv4(message))));
}

TEST(ParseIpv4, RefusesAHeaderLengthBelowFiveWords) {
  Bytes packet = in_ipv4(reply(AF_INET));
  packet[0] = 0x44;
  EXPECT_TRUE(std::holds_alternative<Malformed>(parse_ipv4_packet(packet)));
}

TEST(ParseIpv4, RefusesAHeaderLongerThanThePacket) {
  Bytes packet = cut(in_ipv4(reply(AF_INET)), 30);
  packet[0] = 0x4f;
  EXPECT_TRUE(std::holds_alternative<Malformed>(parse_ipv4_packet(packet)));
}

TEST(ParseIpv4, TakesARequestForIrrelevant) {
  EXPECT_TRUE(std::holds_alternative<Irrelevant>(parse_ipv4_packet(in_ipv4(request(AF_INET)))));
}

TEST(ParseIpv4, TakesAnotherProtocolForIrrelevant) {
  EXPECT_TRUE(
      std::holds_alternative<Irrelevant>(parse_ipv4_packet(in_ipv4(reply(AF_INET), 0, 17))));
}

void expect_our_error(const Parsed& parsed, Failure failure, const char* destination) {
  const auto* error = std::get_if<ErrorMessage>(&parsed);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->failure, failure);
  EXPECT_EQ(error->destination, base::IpAddress::parse(destination));
  EXPECT_EQ(error->identifier, kRequest.identifier);
  EXPECT_EQ(error->sequence, kRequest.sequence);
}

TEST(ParseIpv4, ReadsDestinationUnreachable) {
  expect_our_error(parse_v4_error(3, in_ipv4(request(AF_INET))), Failure::kUnreachable, "10.0.0.5");
}

TEST(ParseIpv4, ReadsTimeExceeded) {
  expect_our_error(parse_v4_error(11, in_ipv4(request(AF_INET))), Failure::kTtlExceeded,
                   "10.0.0.5");
}

TEST(ParseIpv4, ReadsAParameterProblemAsUnreachable) {
  expect_our_error(parse_v4_error(12, in_ipv4(request(AF_INET))), Failure::kUnreachable,
                   "10.0.0.5");
}

TEST(ParseIpv4, ReadsAQuoteBehindIpOptions) {
  expect_our_error(parse_v4_error(3, in_ipv4(request(AF_INET), 8)), Failure::kUnreachable,
                   "10.0.0.5");
}

TEST(ParseIpv4, ReadsTheTokenWhenItIsQuoted) {
  const Parsed parsed = parse_v4_error(3, in_ipv4(request(AF_INET)));
  EXPECT_EQ(std::get<ErrorMessage>(parsed).token, kRequest.token);
}

TEST(ParseIpv4, ReadsAQuoteOfEightBytesWithoutAToken) {
  const Parsed parsed = parse_v4_error(3, cut(in_ipv4(request(AF_INET)), 28));
  expect_our_error(parsed, Failure::kUnreachable, "10.0.0.5");
  EXPECT_FALSE(std::get<ErrorMessage>(parsed).token);
}

TEST(ParseIpv4, DoesNotTakeThePaddingOfAShortQuoteForAToken) {
  Bytes quote = cut(in_ipv4(request(AF_INET)), 28);
  quote.resize(128);
  EXPECT_FALSE(std::get<ErrorMessage>(parse_v4_error(3, quote)).token);
}

TEST(ParseIpv4, RefusesAQuoteThatEndsBeforeTheSequenceNumber) {
  const Parsed parsed = parse_v4_error(3, cut(in_ipv4(request(AF_INET)), 27));
  EXPECT_TRUE(std::holds_alternative<Malformed>(parsed));
}

TEST(ParseIpv4, TakesAnErrorAboutAReplyForIrrelevant) {
  const Parsed parsed = parse_v4_error(3, in_ipv4(reply(AF_INET)));
  EXPECT_TRUE(std::holds_alternative<Irrelevant>(parsed));
}

TEST(ParseIpv4, TakesAnErrorAboutUdpForIrrelevant) {
  const Parsed parsed = parse_v4_error(3, in_ipv4(request(AF_INET), 0, 17));
  EXPECT_TRUE(std::holds_alternative<Irrelevant>(parsed));
}

TEST(ParseIpv4, TakesAnErrorAboutALaterFragmentForIrrelevant) {
  Bytes quote = in_ipv4(request(AF_INET));
  quote[7] = 100;
  EXPECT_TRUE(std::holds_alternative<Irrelevant>(parse_v4_error(11, quote)));
}

TEST(ParseIpv4, TakesARedirectForIrrelevant) {
  const Parsed parsed = parse_v4_error(5, in_ipv4(request(AF_INET)));
  EXPECT_TRUE(std::holds_alternative<Irrelevant>(parsed));
}

TEST(ParseIpv6, ReadsEveryKindOfError) {
  const std::pair<std::uint8_t, Failure> kinds[] = {{1, Failure::kUnreachable},
                                                    {2, Failure::kTooBig},
                                                    {3, Failure::kTtlExceeded},
                                                    {4, Failure::kUnreachable}};
  for (const auto& [type, failure] : kinds) {
    expect_our_error(parse_icmpv6_message(error(type, in_ipv6(request(AF_INET6)))), failure,
                     "2001:db8::5");
  }
}

TEST(ParseIpv6, ReadsAnErrorAboutAFirstFragment) {
  Bytes fragment{58, 0, 0, 1, 0, 0, 0, 9};
  append(fragment, request(AF_INET6));
  expect_our_error(parse_icmpv6_message(error(3, in_ipv6(fragment, 44))), Failure::kTtlExceeded,
                   "2001:db8::5");
}

TEST(ParseIpv6, TakesAnErrorAboutALaterFragmentForIrrelevant) {
  Bytes fragment{58, 0, 0x05, 0xa8, 0, 0, 0, 9};
  append(fragment, request(AF_INET6));
  EXPECT_TRUE(
      std::holds_alternative<Irrelevant>(parse_icmpv6_message(error(3, in_ipv6(fragment, 44)))));
}

TEST(ParseIpv6, RefusesAQuoteThatEndsInItsFragmentHeader) {
  EXPECT_TRUE(std::holds_alternative<Malformed>(
      parse_icmpv6_message(error(3, in_ipv6(Bytes{58, 0, 0}, 44)))));
}

TEST(ParseQueuedError, ReadsWhatThePingSocketQuotes) {
  const Parsed parsed = parse_queued_error(AF_INET, 11, 0, request(AF_INET));
  ASSERT_TRUE(std::holds_alternative<ErrorMessage>(parsed));
  EXPECT_EQ(std::get<ErrorMessage>(parsed).failure, Failure::kTtlExceeded);
  EXPECT_EQ(std::get<ErrorMessage>(parsed).token, kRequest.token);
  EXPECT_FALSE(std::get<ErrorMessage>(parsed).destination);
}

TEST(ParseQueuedError, ReadsThatFragmentationWasNeeded) {
  const Parsed parsed = parse_queued_error(AF_INET, 3, 4, request(AF_INET));
  ASSERT_TRUE(std::holds_alternative<ErrorMessage>(parsed));
  EXPECT_EQ(std::get<ErrorMessage>(parsed).failure, Failure::kTooBig);
}

TEST(Parsers, ReadNoByteMoreThanThereIs) {
  const Bytes messages[] = {in_ipv4(reply(AF_INET)), in_ipv4(error(3, in_ipv4(request(AF_INET)))),
                            reply(AF_INET6), error(1, in_ipv6(request(AF_INET6)))};
  for (const Bytes& message : messages) {
    for (std::size_t size = 0; size < message.size(); ++size) {
      // An exact allocation, so that a sanitizer sees the byte behind it.
      const Bytes shorter(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(std::holds_alternative<Reply>(parse_ipv4_packet(shorter)));
      (void)parse_icmpv6_message(shorter);
      (void)parse_queued_error(AF_INET6, 1, 0, shorter);
    }
  }
}

}  // namespace
}  // namespace rtt::probers::icmp
